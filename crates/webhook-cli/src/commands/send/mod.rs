//! `webhook send`: signs a delivery and sends it.

mod answer;
mod client;
mod tamper;

use clap::value_parser;

use self::{client::Client, tamper::Tamper};
use super::delivery::DeliveryArgs;
use crate::{
    args::Url,
    exit::{Exit, Failure, Outcome},
    output::{Format, Output},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to send it; signed too, unless --url says what the sender saw
    #[arg(long, value_name = "URL")]
    to: String,

    /// What to change once it is signed
    #[arg(long, value_enum, default_value_t)]
    tamper: Tamper,

    /// How often to send the same delivery
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..=100_000))]
    repeat: u32,

    /// How long to wait for an answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = value_parser!(u32).range(1..=3600))]
    timeout: u32,

    /// How to answer; JSON has one line for each answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    #[command(flatten)]
    delivery: DeliveryArgs,
}

pub(crate) fn run(args: Args) -> Outcome {
    let to = Url::parse(&args.to)?;
    if to.base().is_none() {
        return Err(Failure::usage(
            "--to needs scheme and host, such as `https://hooks.example.com/path`",
        ));
    }
    let mut delivery = args.delivery.read(Some(&to))?;
    let signed = delivery.sign()?;
    let (signed, body) = tamper::apply(args.tamper, &delivery, signed)?;
    let headers = delivery.headers(&signed);

    let to = match &delivery.request.url {
        Some(signed) if delivery.changes_url => to.with_query_of(signed)?.text(),
        _ => args.to,
    };

    let client = Client::new(args.timeout);
    let mut output = Output::new(args.format);
    let mut all_good = true;
    for _ in 0..args.repeat {
        let answer = client.send(&to, &delivery.request.method, &headers, &body)?;
        all_good &= answer.is_success();
        output.verdict(answer.is_success(), &answer)?;
    }
    Ok(Exit::refused_unless(all_good))
}

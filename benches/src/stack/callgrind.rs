//! Instructions and allocations of one request, counted by valgrind.
//!
//! The program runs itself under callgrind twice, with two numbers of requests; the difference is
//! theirs alone. Callgrind counts while [`run::MEASURED`] runs and nowhere
//! else, so neither the making of requests nor the audit's own thread is in it. It knows no SHA
//! instructions, so that the hash runs in software: its rounds are told apart by the names of their
//! functions. What is asked for in bytes comes from `dhat`, less what the requests themselves take.

use std::{
    env, fs,
    io::ErrorKind,
    path::PathBuf,
    process::{Command, Output},
};

use super::{BoxError, Case, cost::Cost, run};

/// One function, and what it costs by itself.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Instructions of one request within it, without those it calls.
    pub instructions: f64,
}

/// Whether valgrind is here.
///
/// # Errors
/// It is, and does not start.
pub fn is_there() -> Result<bool, BoxError> {
    match Command::new("valgrind").arg("--version").output() {
        Ok(output) => Ok(output.status.success()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What one request of the case costs; its bytes are left at 0.
///
/// # Errors
/// Valgrind is not here, or the case cannot be run.
pub fn cost(case: Case) -> Result<Cost, BoxError> {
    let (few, many) = case.counts();
    let (fewer, more) = (Profile::of(case, few)?, Profile::of(case, many)?);
    let each = |of: fn(&Profile) -> u64| per_request(of(&fewer), of(&more), many - few);
    Ok(Cost {
        instructions: each(|profile| profile.sum(|name| !is_hash(name))),
        hash: each(|profile| profile.sum(is_hash)),
        allocations: each(|profile| profile.allocations),
        allocated: 0.0,
    })
}

/// The functions of a case, the most costly ones first.
///
/// # Errors
/// As [`cost`].
pub fn places(case: Case) -> Result<Vec<Place>, BoxError> {
    let (few, many) = case.counts();
    let (fewer, more) = (Profile::of(case, few)?, Profile::of(case, many)?);
    let mut places: Vec<_> = more
        .functions
        .iter()
        .map(|(name, &count)| {
            let before = fewer.functions.get(name).copied().unwrap_or(0);
            Place {
                name: name.clone(),
                instructions: per_request(before, count, many - few),
            }
        })
        .collect();
    places.sort_by(|a, b| b.instructions.total_cmp(&a.instructions));
    Ok(places)
}

/// The bytes that one request asks for.
///
/// # Errors
/// As [`cost`].
pub fn allocated(case: Case) -> Result<f64, BoxError> {
    let (few, many) = case.counts();
    let each = |idle: bool| -> Result<f64, BoxError> {
        let (fewer, more) = (heap(case, few, idle)?, heap(case, many, idle)?);
        Ok(per_request(fewer, more, many - few))
    };
    Ok(each(false)? - each(true)?)
}

// Counts of well under 2^52, and differences of them.
#[allow(clippy::cast_precision_loss)]
fn per_request(fewer: u64, more: u64, requests: usize) -> f64 {
    (more as f64 - fewer as f64) / requests as f64
}

/// The rounds of SHA-2, whichever way they are written.
fn is_hash(name: &str) -> bool {
    name.contains("sha2::") && name.contains("compress")
}

/// What callgrind counted in one run.
#[derive(Default)]
struct Profile {
    functions: std::collections::HashMap<String, u64>,
    allocations: u64,
}

impl Profile {
    fn of(case: Case, requests: usize) -> Result<Self, BoxError> {
        let file = scratch(requests);
        let output = format!("--callgrind-out-file={}", file.display());
        let toggle = format!("--toggle-collect={}*", run::MEASURED);
        let options = [
            "--tool=callgrind",
            "--collect-atstart=no",
            "--compress-strings=no",
            "--compress-pos=no",
            &toggle,
            &output,
        ];
        under_valgrind(&options, case, requests, false)?;
        let text = fs::read_to_string(&file)?;
        fs::remove_file(&file)?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let mut profile = Self::default();
        let (mut function, mut callee) = (String::new(), "");
        let mut is_call = false;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("fn=") {
                name.clone_into(&mut function);
            } else if let Some(name) = line.strip_prefix("cfn=") {
                callee = name;
            } else if let Some(calls) = line.strip_prefix("calls=") {
                let count = calls.split(' ').next().and_then(|calls| calls.parse().ok());
                if is_allocation(callee) && !is_allocation(&function) {
                    profile.allocations += count.unwrap_or(0);
                }
                is_call = true;
            } else if let Some(count) = self_cost(line) {
                // The line after `calls=` is the callee's cost, which stands there as well.
                if !is_call {
                    *profile.functions.entry(function.clone()).or_default() += count;
                }
                is_call = false;
            }
        }
        profile
    }

    fn sum(&self, of: impl Fn(&str) -> bool) -> u64 {
        let counted = self.functions.iter().filter(|(name, _)| of(name));
        counted.map(|(_, count)| count).sum()
    }
}

fn is_allocation(name: &str) -> bool {
    matches!(
        name,
        "malloc" | "calloc" | "realloc" | "posix_memalign" | "aligned_alloc"
    )
}

/// The count of a line such as `81 12`.
fn self_cost(line: &str) -> Option<u64> {
    let (place, count) = line.split_once(' ')?;
    place.parse::<u64>().ok()?;
    count.parse().ok()
}

/// All bytes that a run asks for; an idle one makes its requests and drops them.
fn heap(case: Case, requests: usize, idle: bool) -> Result<u64, BoxError> {
    let file = scratch(requests);
    let output = format!("--dhat-out-file={}", file.display());
    let told = under_valgrind(&["--tool=dhat", &output], case, requests, idle)?;
    fs::remove_file(&file)?;
    let told = String::from_utf8(told.stderr)?;
    total(&told).ok_or_else(|| format!("dhat says no total: {told}").into())
}

/// The number in `==1== Total:     1,234 bytes in 5 blocks`.
fn total(told: &str) -> Option<u64> {
    let (_, rest) = told.split_once("Total:")?;
    let digits = rest.trim_start().split(' ').next()?;
    digits.replace(',', "").parse().ok()
}

fn scratch(requests: usize) -> PathBuf {
    env::temp_dir().join(format!("stack.{}.{requests}", std::process::id()))
}

fn under_valgrind(
    options: &[&str],
    case: Case,
    requests: usize,
    idle: bool,
) -> Result<Output, BoxError> {
    let mut command = Command::new("valgrind");
    // What a server's thread gives back it soon takes again, from its own cache. Here the requests were
    // made before they are counted, so that more is given back than glibc keeps at hand: it would tidy
    // up, for a thousand instructions, or not, as memory happens to lie.
    command.env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=20000");
    command.args(options).arg(env::current_exe()?);
    command.args(["--server", case.server.as_str()]);
    command.args(["--outcome", case.outcome.as_str()]);
    command.args(["--bytes", &case.bytes.to_string()]);
    command.args(["--requests", &requests.to_string()]);
    command.args(idle.then_some("--idle"));
    let output = command.output()?;
    if output.status.success() {
        Ok(output)
    } else {
        let told = String::from_utf8_lossy(&output.stderr);
        Err(format!("{case}: valgrind ended with {}: {told}", output.status).into())
    }
}

#[cfg(test)]
mod tests {
    use super::{Profile, is_hash, total};

    #[test]
    fn a_profile_counts_each_function_by_itself() {
        let text = "version: 1\nevents: Ir\n\nfl=(a)\nfn=main\n1 10\ncfn=malloc\ncalls=3 0\n2 99\n\
                    3 5\n\nfn=malloc\n7 99\n\nfn=sha2::sha256::soft::compress\n8 1000\ntotals: 1114\n";
        let profile = Profile::parse(text);
        assert_eq!(profile.functions.get("main"), Some(&15));
        assert_eq!(profile.allocations, 3);
        assert_eq!(profile.sum(|name| !is_hash(name)), 114);
        assert_eq!(profile.sum(is_hash), 1000);
    }

    #[test]
    fn the_heap_s_total_is_read() {
        let told = "==1== Total:     1,234,567 bytes in 5 blocks\n==1== At t-gmax: 1";
        assert_eq!(total(told), Some(1_234_567));
        assert_eq!(total("nothing"), None);
    }
}

//! Mutations of one valid delivery against the app under test, and what came of them.

mod address;
mod call;
mod case;
mod content;
mod delivery;
mod identity;
mod judge;
mod report;
mod request;
mod run;
mod settings;
mod signature;
mod size;
mod source;
mod time;

pub use self::{
    case::Family,
    report::{Outcome, Report, Row},
    settings::{Attack, attack},
};

/// Attacks the app, prints the table, and fails the test where anything got through.
///
/// It stands for [`attack(&app, scheme, secret)`](crate::attack()) and
/// [`Report::assert_clean`](crate::Report::assert_clean).
#[macro_export]
macro_rules! attack {
    ($app:expr, $scheme:expr, $secret:expr $(,)?) => {{
        let report = $crate::attack(&$app, $scheme, $secret).await;
        report.print();
        report.assert_clean();
    }};
}

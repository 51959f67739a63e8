//! The catalogue of leak checks: what each is called, how bad it is, who decides it, and its page in `docs/checks/`.
//!
//! A check is one file in the folder of its topic, one line in the topic's list, and one page. The page is what
//! `hedgerow explain-check` prints, and its two examples are what the tests hold the check to.

mod addresses;
mod discovery;
mod finding;
mod home_assistant;
mod hygiene;
mod led;
mod names;
mod offers;
mod page;
mod publishing;
mod remote;
mod router;
mod run;
mod segmentation;
mod selection;
mod subject;
mod uplinks;
mod waivers;

pub use finding::{About, Finding, Outcome};
pub use page::{Page, pages};
pub use run::Reckoning;
pub(super) use run::run;
use segmentation::vpn_users;
pub use selection::Selection;
pub use subject::Subject;
use uplinks::closed_by_provider;
pub(super) use waivers::{Waivers, plain};

use crate::diagnostic::Severity;

/// One check of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Leak {
    /// Stable: policies name it in `check` and `waive`.
    pub id: &'static str,
    /// What its findings are unless the policy says otherwise, or the check itself for one of them.
    pub severity: Severity,
    pub decided: Decided,
    /// The checks that say the same of a packet more to the point: for exactly the packets that these report, this one
    /// is silent. What they do not report, because they are waived, skipped or not asked for, it reports itself.
    pub yields: &'static [&'static str],
    /// `docs/checks/ID.md`
    pub page: &'static str,
}

/// Who decides a check.
#[derive(Clone, Copy, Debug)]
pub enum Decided {
    /// By a function over what the policy says and means.
    Asked(fn(&mut Subject<'_>) -> Outcome),
    /// Wherever a policy is read, whether it asks for leak checks or not.
    Always,
    /// When a policy is compiled for a target, and when a configuration is held against it.
    Compiled,
    /// By a target, which refuses what it cannot say.
    Refused,
}

impl Leak {
    /// Is it decided wherever a policy is read, and need not be asked for?
    #[must_use]
    pub const fn is_always(&self) -> bool {
        !matches!(self.decided, Decided::Asked(_))
    }
}

/// An entry of a topic's list: its id, its severity, who decides it. The page is found by the id.
macro_rules! leak {
    ($id:literal, $severity:ident, $decided:expr $(, yields $($to:literal)+)?) => {
        crate::check::leak::Leak {
            id: $id,
            severity: crate::diagnostic::Severity::$severity,
            decided: $decided,
            yields: &[$($($to),+)?],
            page: include_str!(concat!("../../../../docs/checks/", $id, ".md")),
        }
    };
}
use leak;

/// Every check, by its id.
#[must_use]
pub fn catalogue() -> Vec<Leak> {
    let topics = [
        addresses::CHECKS,
        discovery::CHECKS,
        home_assistant::CHECKS,
        hygiene::CHECKS,
        names::CHECKS,
        publishing::CHECKS,
        remote::CHECKS,
        router::CHECKS,
        segmentation::CHECKS,
        uplinks::CHECKS,
    ];
    let mut all = topics.concat();
    all.sort_by_key(|leak| leak.id);
    all
}

/// A check by its id.
#[must_use]
pub fn find(id: &str) -> Option<Leak> {
    catalogue().into_iter().find(|leak| leak.id == id)
}

/// The check that a code is, if it is decided wherever a policy is read.
fn always(code: &str) -> Option<&'static str> {
    find(code).filter(Leak::is_always).map(|leak| leak.id)
}

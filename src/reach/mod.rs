//! Reachability through chains of hosts.

use crate::{
    compile::Meant,
    diagnostic::Diagnostic,
    model::{Assertion, Network},
    packet::Set,
};

/// `never A ~> B`: a failing one with its path.
pub fn never(_network: &Network, _meant: &mut Meant, assertion: &Assertion, _reaching: Set) -> Option<Diagnostic> {
    Some(Diagnostic::error("not-supported", assertion.span, "chains of hosts are not supported yet"))
}

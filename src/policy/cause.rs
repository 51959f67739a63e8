//! Which statement of the policy a thing comes from.

use crate::diagnostic::Span;

/// Why a packet passes, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A rule, by its number in the model.
    Rule(usize, Span),
    /// An exposure, by its number in the model.
    Exposure(usize, Span),
    /// The listening port of a VPN, by its number in the model.
    Vpn(usize, Span),
    /// A redirect, by its number in the model.
    Redirect(usize, Span),
    /// A reflector, by its number in the model.
    Reflector(usize, Span),
    /// What IPv6 and DHCP need to work at all.
    Baseline(&'static str),
    /// Hosts of one zone, which the policy does not part.
    SameZone,
    /// The router itself may send anything (`output open`).
    OutputOpen,
}

impl Cause {
    /// Where the statement stands.
    #[must_use]
    pub const fn span(self) -> Option<Span> {
        match self {
            Self::Rule(_, span)
            | Self::Exposure(_, span)
            | Self::Vpn(_, span)
            | Self::Redirect(_, span)
            | Self::Reflector(_, span) => Some(span),
            Self::Baseline(_) | Self::SameZone | Self::OutputOpen => None,
        }
    }
}

//! What asks at the door, beside the service's own login: certificates of clients, and a sign-in before the proxy.

use super::HostId;
use crate::{
    diagnostic::Span,
    model::service::{TCP, Traffic},
};

/// `sign-in HOST : SERVICE { kind … }`: the proxy asks this service about every request, and passes on what it lets
/// through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    pub host: HostId,
    pub kind: SignInKind,
    /// Where it listens; the usual port of its kind if the policy does not say.
    pub service: Vec<Traffic>,
    pub span: Span,
}

/// Which program it is, and so what it is asked and how its own page is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignInKind {
    Authelia,
    Authentik,
    Oauth2Proxy,
}

impl SignInKind {
    pub const ALL: [(&'static str, Self); 3] =
        [("authelia", Self::Authelia), ("authentik", Self::Authentik), ("oauth2-proxy", Self::Oauth2Proxy)];

    /// The port that it listens on as it is delivered.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Authelia => 9091,
            Self::Authentik => 9000,
            Self::Oauth2Proxy => 4180,
        }
    }

    /// Its service when the policy names none.
    #[must_use]
    pub fn usual(self) -> Vec<Traffic> {
        vec![Traffic::ports(TCP, self.port(), self.port())]
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

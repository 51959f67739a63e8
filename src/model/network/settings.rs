//! What stands in a Home Assistant's own settings, with the places in its files.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::diagnostic::Span;

/// The settings that were read for a `home-assistant`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the policy names the file.
    pub place: Span,
    /// The block `http`, if there is one.
    pub http: Option<Http>,
    /// Does it stand in YAML, and not where Home Assistant keeps it from 2026.8 on?
    pub in_yaml: bool,
    /// The networks whose clients need no password.
    pub trusted_networks: Vec<Said<Listed>>,
}

/// A value and its place. It has none when only Home Assistant knows it: a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    pub span: Span,
    pub value: Option<T>,
}

/// A network in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    pub net: IpNet,
    /// The address that was written, when bits behind the length are set.
    pub host_bits: Option<IpAddr>,
}

/// The block `http`. What is not written is nothing; what that means is Home Assistant's default.
#[derive(Clone, Debug, Default)]
pub struct Http {
    /// The key above it, or the first of its values.
    pub span: Span,
    pub server_host: Option<(Span, Vec<Said<String>>)>,
    pub server_port: Option<Said<u16>>,
    pub ssl_certificate: Option<Span>,
    /// Set where clients have to show a certificate of its authority.
    pub ssl_peer_certificate: Option<Span>,
    pub use_x_forwarded_for: Option<Said<bool>>,
    pub trusted_proxies: Option<(Span, Vec<Said<Listed>>)>,
    pub cors_allowed_origins: Option<(Span, Vec<Said<String>>)>,
    pub ip_ban_enabled: Option<Said<bool>>,
    pub login_attempts_threshold: Option<Said<i64>>,
}

impl Http {
    /// These values, and for those that are missing the values of another block.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            span: self.span,
            server_host: self.server_host.or(other.server_host),
            server_port: self.server_port.or(other.server_port),
            ssl_certificate: self.ssl_certificate.or(other.ssl_certificate),
            ssl_peer_certificate: self.ssl_peer_certificate.or(other.ssl_peer_certificate),
            use_x_forwarded_for: self.use_x_forwarded_for.or(other.use_x_forwarded_for),
            trusted_proxies: self.trusted_proxies.or(other.trusted_proxies),
            cors_allowed_origins: self.cors_allowed_origins.or(other.cors_allowed_origins),
            ip_ban_enabled: self.ip_ban_enabled.or(other.ip_ban_enabled),
            login_attempts_threshold: self.login_attempts_threshold.or(other.login_attempts_threshold),
        }
    }
}

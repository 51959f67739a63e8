//! What the policy says of a reverse proxy, or of the program that ends a tunnel inside.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::diagnostic::Span;

/// The block behind `through`; of that behind `tunnel`, all but the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    pub product: Option<Product>,
    pub runs_as: Option<RunsAs>,
    /// The addresses under which the service sees it, when the policy says so itself.
    pub seen_as: Vec<(IpNet, Span)>,
    /// Does it tell the service who the client is, with `X-Forwarded-For`?
    pub forwarded_for: bool,
    /// Where `forwarded-for` is written.
    pub forwarded_for_span: Option<Span>,
    /// Where the policy says that the service sees each client itself, since addresses are translated on the way in only.
    pub shows_client: Option<Span>,
}

impl Default for Proxy {
    fn default() -> Self {
        Self {
            product: None,
            runs_as: None,
            seen_as: Vec::new(),
            forwarded_for: true,
            forwarded_for_span: None,
            shows_client: None,
        }
    }
}

/// The make of a reverse proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Product {
    Nginx,
    Caddy,
    Traefik,
    /// Nginx Proxy Manager.
    Npm,
    Haproxy,
    /// The reverse proxy of Synology's DSM.
    Synology,
}

/// What a proxy is on its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunsAs {
    /// An add-on of Home Assistant OS, in the network of the add-ons.
    Addon,
    /// A program of the machine, or a container in the machine's own network.
    Host,
    /// A container with an address of its own.
    Container(IpAddr),
}

//! One forward as such a router knows it.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// TCP and UDP by their numbers.
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    pub line: u32,
    pub text: String,
    /// None is every protocol: the host that gets all the rest.
    pub protocol: Option<u8>,
    pub ports: (u16, u16),
    pub address: Ipv4Addr,
    /// The new port; none keeps it.
    pub inner: Option<u16>,
    /// Who may; empty is everybody.
    pub from: Vec<Ipv4Net>,
    /// The interface whose address it is for; none is every uplink.
    pub uplink: Option<String>,
}

/// A list, and what of it such a router passes over or hedgerow does not know.
#[derive(Clone, Debug, Default)]
pub struct List {
    pub forwards: Vec<Forward>,
    pub notes: Vec<(u32, String)>,
}

/// Why a list cannot be read.
#[derive(Clone, Debug)]
pub struct Mistake {
    /// Counted from 1; 0 is the whole file.
    pub line: u32,
    pub message: String,
}

impl Mistake {
    pub fn new(line: u32, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// The cells of one line, as they are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cells<'t> {
    pub protocol: &'t str,
    pub ports: &'t str,
    pub address: &'t str,
    /// Empty keeps the port.
    pub inner: &'t str,
    /// Sources parted by commas or spaces; empty is everybody.
    pub from: &'t str,
    pub uplink: &'t str,
}

impl Cells<'_> {
    /// The forwards that a line means: one for each protocol and each range of ports in it.
    pub fn forwards(&self, line: u32, text: &str) -> Result<Vec<Forward>, Mistake> {
        let mistake = |what: String| Mistake::new(line, what);
        let protocols = match self.protocol.trim().to_ascii_lowercase().as_str() {
            "tcp" => vec![TCP],
            "udp" => vec![UDP],
            "both" | "tcp/udp" | "tcp+udp" => vec![TCP, UDP],
            other => return Err(mistake(format!("`{other}` is no protocol that is forwarded; expected tcp or udp"))),
        };
        let address = self.address.trim();
        let address = address.parse().map_err(|_| mistake(format!("`{address}` is no IPv4 address")))?;
        let inner = self.inner.trim();
        let mut found = Vec::new();
        for part in self.ports.split(',').map(str::trim) {
            let ports = range(part).ok_or_else(|| mistake(format!("`{part}` is no port or range of ports")))?;
            let inner = match range(inner) {
                _ if inner.is_empty() => None,
                Some(inner) if inner == ports => None,
                Some((from, to)) if from == to => Some(from),
                _ => {
                    return Err(mistake(format!("ports {part} cannot be told apart at port `{inner}`")));
                }
            };
            for protocol in &protocols {
                found.push(Forward {
                    line,
                    text: text.to_owned(),
                    protocol: Some(*protocol),
                    ports,
                    address,
                    inner,
                    from: sources(self.from).map_err(&mistake)?,
                    uplink: Some(self.uplink.trim().to_owned()).filter(|name| !name.is_empty()),
                });
            }
        }
        Ok(found)
    }
}

/// A port, or a range with `-` or `:`.
fn range(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once(['-', ':']).unwrap_or((text, text));
    let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    (0 < from && from <= to).then_some((from, to))
}

fn sources(text: &str) -> Result<Vec<Ipv4Net>, String> {
    let parts = text.split([',', ' ', ';']).map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let net = part.parse::<Ipv4Net>().or_else(|_| part.parse::<Ipv4Addr>().map(Ipv4Net::from));
            net.map_err(|_| format!("`{part}` is no address or prefix that may send"))
        })
        .collect()
}

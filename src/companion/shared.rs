//! Files in which all names of one proxy stand together: Caddy has one block of global options, and `HAProxy` one frontend
//! for a port, so that two files of a name each could not be used side by side.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Error, Value, context};

use super::{Companions, Printer, words::machine};
use crate::model::{HostId, Network};

/// One name of a proxy.
pub struct Site {
    pub name: String,
    pub host: String,
    pub listen: u16,
    pub v6: bool,
    pub secure: bool,
    /// Is its certificate proven on port 80?
    pub http01: bool,
    /// What `HAProxy` says at the handshake of the certificates that are asked for; empty where none are.
    pub asks: String,
    /// What the templates say of it.
    pub values: Value,
}

/// The names of each machine with a proxy, none being the router, by the file that holds them.
#[derive(Default)]
pub struct Sites(BTreeMap<(&'static str, Option<HostId>), Vec<Site>>);

impl Sites {
    pub fn add(&mut self, file: &'static str, proxy: Option<HostId>, site: Site) {
        self.0.entry((file, proxy)).or_default().push(site);
    }

    pub fn write(self, network: &Network, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
        for ((file, proxy), sites) in self.0 {
            let machine = machine(network, proxy);
            let folder = format!("proxy-on-{}", proxy.map_or("router", |_| machine));
            let names: Vec<String> = sites.iter().map(|site| format!("{} before {}", site.name, site.host)).collect();
            let values: Vec<Value> = sites.iter().map(|site| site.values.clone()).collect();
            let mut fronts: Vec<Value> = Vec::new();
            if file == "haproxy.cfg" {
                let ports: BTreeSet<u16> =
                    sites.iter().flat_map(|site| [Some(site.listen), site.http01.then_some(80)]).flatten().collect();
                for port in ports {
                    let front = Front::new(&sites, port);
                    if let Some(list) = front.certificates() {
                        found.file(format!("{folder}/{port}.list"), list);
                    }
                    fronts.push(front.values());
                }
            }
            let context = context! {
                proxy => machine, names => names.join(", "), sites => values, fronts,
                // Port 80 stays closed unless a certificate is proven there.
                quiet => sites.iter().any(|site| site.secure) && !sites.iter().any(|site| site.http01),
            };
            found.file(format!("{folder}/{file}"), printer.print(file, context)?);
        }
        Ok(())
    }
}

/// What answers on one port.
struct Front<'s> {
    port: u16,
    sites: Vec<&'s Site>,
    /// Names whose certificates are proven on this port.
    challenges: Vec<&'s Site>,
}

impl<'s> Front<'s> {
    fn new(all: &'s [Site], port: u16) -> Self {
        let sites = all.iter().filter(|site| site.listen == port).collect();
        Self { port, sites, challenges: all.iter().filter(|site| site.http01 && port == 80).collect() }
    }

    /// Do names of the port differ in who has to show a certificate?
    fn differs(&self) -> bool {
        self.sites.len() > 1 && self.sites.iter().any(|site| !site.asks.is_empty())
    }

    /// The list of certificates by names, where each name asks for others.
    fn certificates(&self) -> Option<String> {
        let line = |site: &&Site| {
            let Site { name, asks, .. } = *site;
            format!("/etc/haproxy/certs/{name}.pem [{asks}alpn h2,http/1.1] {name}\n")
        };
        self.differs().then(|| self.sites.iter().filter(|site| site.secure).map(line).collect())
    }

    fn tls(&self) -> String {
        let secure: Vec<&&Site> = self.sites.iter().filter(|site| site.secure).collect();
        let certificates = if self.differs() {
            format!("crt-list /etc/haproxy/certs/{}.list", self.port)
        } else {
            let all = secure.iter().map(|site| format!("crt /etc/haproxy/certs/{}.pem", site.name));
            let asked = secure.first().map(|site| site.asks.as_str()).unwrap_or_default();
            format!("{} {asked}alpn h2,http/1.1", all.collect::<Vec<_>>().join(" "))
        };
        if secure.is_empty() { String::new() } else { format!(" ssl {certificates}") }
    }

    fn values(&self) -> Value {
        let of = |sites: &[&Site]| sites.iter().map(|site| site.values.clone()).collect::<Vec<Value>>();
        context! {
            port => self.port, tls => self.tls(), listed => self.differs(), several => self.sites.len() > 1,
            v6 => self.sites.iter().chain(&self.challenges).any(|site| site.v6),
            sites => of(&self.sites), challenges => of(&self.challenges),
        }
    }
}

/// Whether the handshake asks for a certificate of an authority, and whether it needs one: not of whom comes from inside.
pub fn asks(authority: &str, insiders: bool) -> String {
    if authority.is_empty() {
        return String::new();
    }
    format!("ca-file {authority} verify {} ", if insiders { "optional" } else { "required" })
}

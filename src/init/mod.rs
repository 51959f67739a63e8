//! A first policy from a few answers: the zones of a home, and one way to reach Home Assistant with exactly the flows that
//! it needs. Takes plain answers and gives text; asks nobody, and writes no file.
//!
//! The text stands in `policies/init`: the house, and the part of each way. The examples of `examples/ways-in` are what
//! this gives for all routers and the zones `iot` and `guest`.

mod way;

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use minijinja::{Environment, Error, UndefinedBehavior, context, syntax::SyntaxConfig};

pub use way::{WAYS, Way};

/// The routers that a policy can be begun for, by the names of their targets.
pub const ROUTERS: [&str; 4] = ["nftables", "openwrt", "pfsense", "port-forward"];

/// Zones beside the one for people and the one for servers, and their VLANs.
pub const ZONES: [&str; 3] = ["iot", "camera", "guest"];

/// The VLANs of the zones, in the order in which pfSense numbers its interfaces.
const VLANS: [(&str, u16); 6] = [("lan", 10), ("server", 20), ("dmz", 60), ("iot", 30), ("camera", 50), ("guest", 40)];

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// Some of [`ROUTERS`].
    pub routers: Vec<String>,
    /// The interface of the uplink.
    pub uplink: String,
    /// The interface that the VLANs are on.
    pub inside: String,
    /// Some of [`ZONES`].
    pub zones: Vec<String>,
    pub way: &'static Way,
    /// The public name.
    pub name: String,
    /// The day, from which dates of the policy count.
    pub today: Date,
}

impl Answers {
    /// What cannot be had together, and what to do instead.
    #[must_use]
    pub fn conflict(&self) -> Option<String> {
        if !self.way.by_forwards && self.routers.iter().any(|router| router == "port-forward") {
            return Some(format!(
                "a router that can be told of forwards alone cannot do `{}`; choose wireguard-addon, tailscale, cloudflare-tunnel or proxy",
                self.way.name
            ));
        }
        let apart = self.flat() && !self.zones.is_empty();
        apart.then(|| "a router that can be told of forwards alone keeps no zones apart: leave --zones out".to_owned())
    }

    /// Is everything inside one zone?
    fn flat(&self) -> bool {
        self.routers.iter().all(|router| router == "port-forward")
    }

    /// The interfaces of every zone that there is, as attributes.
    fn interfaces(&self) -> BTreeMap<&str, String> {
        let asked = |zone: &str| match zone {
            "lan" => true,
            "server" => !self.flat(),
            "dmz" => !self.flat() && self.way.zone.is_some_and(|(zone, _)| zone == "dmz"),
            other => self.zones.iter().any(|zone| zone == other),
        };
        let of_vlan = |vlan: u16| if self.flat() { self.inside.clone() } else { format!("{}.{vlan}", self.inside) };
        let vlans = VLANS.into_iter().filter(|(zone, _)| asked(zone)).map(|(zone, vlan)| (zone, of_vlan(vlan)));
        let own = self.way.zone.and_then(|(zone, interface)| Some((zone, interface?.to_owned())));
        let mut found = BTreeMap::from([("wan", self.interface(&self.uplink, "wan"))]);
        for (number, (zone, name)) in vlans.chain(own).enumerate() {
            let assigned = if number == 0 { "lan".to_owned() } else { format!("opt{number}") };
            found.insert(zone, self.interface(&name, &assigned));
        }
        found
    }

    /// An interface, as Linux calls it and as pfSense does.
    fn interface(&self, linux: &str, pfsense: &str) -> String {
        let pfsense = match self.routers.as_slice() {
            [only] if only == "pfsense" => return format!("interface {pfsense}"),
            routers if routers.iter().any(|router| router == "pfsense") => format!(";  interface pfsense {pfsense}"),
            _ => String::new(),
        };
        format!("interface {linux}{pfsense}")
    }
}

/// The policy, not laid out yet.
///
/// # Errors
/// When a template fails, which is a fault of hedgerow.
pub fn policy(answers: &Answers) -> Result<String, Error> {
    let mut environment = Environment::new();
    // What is not there counts as no; to write it is an error.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    environment.add_template("house", include_str!("../../policies/init/house.hedge.j2"))?;
    environment.add_template("way", answers.way.template)?;
    let flat = answers.flat();
    let place = |zone: &str, net: &str| {
        let (zone, net) = if flat { ("lan", "10.0.10") } else { (zone, net) };
        context! { zone, net }
    };
    // Devices that Home Assistant switches, and that others reach through it.
    let devices: Vec<String> = answers.zones.iter().filter(|zone| *zone != "guest").cloned().collect();
    environment.get_template("way")?.render(context! {
        flat,
        six => answers.way.name == "ipv6",
        devices,
        targets => answers.routers.join(", "),
        interface => answers.interfaces(),
        home => place("server", "10.0.20"),
        proxy => place("dmz", "10.0.60"),
        name => answers.name.clone(),
        month => answers.today.saturating_add(30.days()).to_string(),
    })
}

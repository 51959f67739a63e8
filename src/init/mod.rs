//! A first policy from a few answers: the zones of a home, and one way to reach Home Assistant with exactly the flows that
//! it needs. Takes plain answers and gives text; asks nobody, and writes no file.

mod mode;

pub use mode::Mode;

/// The routers that a policy can be begun for, by the names of their targets.
pub const ROUTERS: [&str; 4] = ["nftables", "openwrt", "pfsense", "port-forward"];

/// Zones beside the one for people and the one for servers.
pub const ZONES: [&str; 3] = ["iot", "camera", "guest"];

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// One of [`ROUTERS`].
    pub router: String,
    /// The interface of the uplink.
    pub uplink: String,
    /// The interface that the VLANs are on.
    pub inside: String,
    /// Some of [`ZONES`].
    pub zones: Vec<String>,
    pub mode: Mode,
    /// The public name.
    pub name: String,
}

impl Answers {
    /// What cannot be had together, and what to do instead.
    #[must_use]
    pub fn conflict(&self) -> Option<String> {
        if self.router != "port-forward" {
            return None;
        }
        if !self.mode.for_forwards() {
            return Some(format!(
                "a router that can be told of forwards alone cannot do `{}`; choose a proxy or a tunnel",
                self.mode.name()
            ));
        }
        let apart = !self.zones.is_empty();
        apart.then(|| "a router that can be told of forwards alone keeps no zones apart: leave --zones out".to_owned())
    }

    fn has(&self, zone: &str) -> bool {
        self.zones.iter().any(|have| have == zone)
    }

    /// Is everything inside one zone?
    fn flat(&self) -> bool {
        self.router == "port-forward"
    }
}

/// The policy.
#[must_use]
pub fn policy(answers: &Answers) -> String {
    let mut text = String::from(
        "# What may talk to what. `hedgerow check` decides it, `hedgerow compile` writes the router's files.\n\n",
    );
    text += "use std.services\n";
    if answers.mode.uses_ranges() {
        text += "use std.ranges\n";
    }
    text += "use std.leaks.home  # the checks that a home should pass\n\n";
    text += &format!("router edge {{ target {} }}\n\n", answers.router);
    text += &zones(answers);
    text += &hosts(answers);
    text += &rules(answers);
    text += &answers.mode.statements(&answers.name);
    text += &promises(answers);
    text
}

fn zones(answers: &Answers) -> String {
    let delegated = answers.mode == Mode::Ipv6;
    let prefix = if delegated { "\n    delegated 2001:db8:1042::/56  # the prefix of your provider" } else { "" };
    let uplink = format!("    interface {}\n", answers.uplink);
    let mut text = format!(
        "zone wan {{\n    role internet\n{uplink}    address dhcp\n    uplink {}{prefix}\n}}\n",
        answers.mode.uplink()
    );
    let mut add = |number: usize, name: &str, role: &str, vlan: u16, more: &str| {
        let interface = match answers.router.as_str() {
            "pfsense" if number == 0 => "lan".to_owned(),
            "pfsense" => format!("opt{number}"),
            "port-forward" => answers.inside.clone(),
            _ => format!("{}.{vlan}", answers.inside),
        };
        let tag = if answers.flat() { String::new() } else { format!(";  vlan {vlan}") };
        let six = if delegated { format!(", delegated {vlan}") } else { String::new() };
        text += &format!(
            "zone {name} {{ role {role};  interface {interface}{tag};  network 10.0.{vlan}.0/24{six}{more} }}\n"
        );
    };
    add(0, "lan", "trusted", 10, "");
    if !answers.flat() {
        add(1, "server", "server", 20, "");
    }
    let others = [("iot", "iot", 30, ""), ("camera", "camera", 50, ""), ("guest", "guest", 40, ";  isolated")];
    for (number, (name, role, vlan, more)) in (2..).zip(others.into_iter().filter(|(name, ..)| answers.has(name))) {
        add(number, name, role, vlan, more);
    }
    if let Some((interface, network)) = answers.mode.vpn() {
        let interface = if answers.router == "pfsense" { "opt9" } else { interface };
        text += &format!("zone road {{ role vpn;  interface {interface};  network {network} }}\n");
    }
    text + "\n"
}

fn hosts(answers: &Answers) -> String {
    let (zone, net) = if answers.flat() { ("lan", "10.0.10") } else { ("server", "10.0.20") };
    let suffix = if answers.mode == Mode::Ipv6 { ";  suffix ::10" } else { "" };
    let runs = answers.mode.runs();
    let mut text =
        format!("host ha {{ zone {zone};  address {net}.10{suffix};  dhcp static;  runs home-assistant{runs} }}\n");
    text +=
        "host desk { zone lan;  address 10.0.10.20;  dhcp static;  admin }  # from here the router is administered\n";
    if answers.mode.has_proxy() {
        text += &format!("host proxy {{ zone {zone};  address {net}.5;  dhcp static;  runs https }}\n");
    }
    if answers.mode == Mode::Openvpn {
        text +=
            &format!("host directory {{ zone {zone};  address {net}.8;  dhcp static }}  # FreeIPA, asked by RADIUS\n");
    }
    text + "\n"
}

fn rules(answers: &Answers) -> String {
    let mut text = String::from("allow lan -> internet\n");
    if !answers.flat() {
        text += match answers.mode {
            // Past the proxy nobody gets to Home Assistant.
            Mode::Proxy | Mode::Cloudflare => "",
            Mode::ProxyAddon => "allow lan -> ha : https\n",
            _ => "allow lan -> ha : home-assistant\n",
        };
        text += &format!("allow ha -> internet : https, ntp{} {{ because \"updates\" }}\n", answers.mode.out());
        if answers.mode.has_proxy() {
            text +=
                "allow proxy -> internet : https { because \"certificates, updates\" }\nallow lan -> proxy : https\n";
        }
    }
    if answers.has("iot") {
        text += "allow ha -> iot { because \"Home Assistant polls its devices\" }\nallow iot -> ha : mqtt\n";
    }
    if answers.has("camera") {
        text += "allow ha -> camera : rtsp, onvif\n";
    }
    if answers.has("guest") {
        text += "allow guest -> internet\n";
    }
    text += "allow private -> router : dns, dhcp, ntp\nallow desk -> router : ssh, https\n\n";
    text
}

fn promises(answers: &Answers) -> String {
    let mut text = String::from("\n# What must stay true, whatever is added.\n");
    text += &answers.mode.exposed();
    if answers.has("guest") {
        text += "never guest -> private\n";
    }
    if answers.has("camera") {
        text += "never camera -> internet\n";
    }
    if answers.has("iot") && (answers.has("camera") || answers.mode.has_proxy() || answers.mode == Mode::Openvpn) {
        text +=
            "waive transitive-pivot for iot { because \"Home Assistant listens to its devices, and reaches others\" }
";
    }
    if answers.has("iot") {
        text += "never iot -> lan\n";
    }
    text
}

//! The files beside the router that make an exposure true: Home Assistant's settings, the reverse proxy's site, VPN
//! servers and peers, a tunnel's ingress, a reflector, split DNS.
//!
//! They come from the same model as the router's files, so that they cannot disagree with the firewall. No secret is in
//! them: where a key belongs stands a word in capital letters. Nothing here is proven by packets; the programs
//! themselves read these files in the tests.

mod dhcp;
mod discovery;
mod gates;
mod home_assistant;
mod names;
mod nginx_addon;
mod overlay;
mod proxy;
mod readme;
mod relay;
mod shared;
mod tunnel;
mod vpn;
mod wireguard;
mod words;

use minijinja::{Environment, UndefinedBehavior, Value, syntax::SyntaxConfig};

use crate::{
    diagnostic::Diagnostic,
    model::{Network, VpnKind},
    router::File,
};

/// The files, by their names in the folder `companions`, and what is left to be done by hand.
#[derive(Clone, Debug, Default)]
pub struct Companions {
    pub files: Vec<File>,
    /// What the policy asks for and no file can do, each as a phrase.
    pub by_hand: Vec<String>,
}

/// The templates, each by the name under which the stages ask for it.
const TEMPLATES: [(&str, &str); 25] = [
    ("home-assistant.yaml", include_str!("../../companions/home-assistant.yaml.j2")),
    ("home-assistant.md", include_str!("../../companions/home-assistant.md.j2")),
    ("nginx.conf", include_str!("../../companions/nginx.conf.j2")),
    ("nginx-inside.conf", include_str!("../../companions/nginx-inside.conf.j2")),
    ("nginx-options.yaml", include_str!("../../companions/nginx-options.yaml.j2")),
    ("nginx-addon-default.conf", include_str!("../../companions/nginx-addon-default.conf.j2")),
    ("Caddyfile", include_str!("../../companions/Caddyfile.j2")),
    ("traefik.yaml", include_str!("../../companions/traefik.yaml.j2")),
    ("haproxy.cfg", include_str!("../../companions/haproxy.cfg.j2")),
    ("pages.md", include_str!("../../companions/pages.md.j2")),
    ("router.md", include_str!("../../companions/router.md.j2")),
    ("cloudflared.yml", include_str!("../../companions/cloudflared.yml.j2")),
    ("torrc", include_str!("../../companions/torrc.j2")),
    ("wireguard.conf", include_str!("../../companions/wireguard.conf.j2")),
    ("wireguard-addon.yaml", include_str!("../../companions/wireguard-addon.yaml.j2")),
    ("openvpn.conf", include_str!("../../companions/openvpn.conf.j2")),
    ("radiusplugin.cnf", include_str!("../../companions/radiusplugin.cnf.j2")),
    ("tailscale.hujson", include_str!("../../companions/tailscale.hujson.j2")),
    ("avahi-daemon.conf", include_str!("../../companions/avahi-daemon.conf.j2")),
    ("README.md", include_str!("../../companions/README.md.j2")),
    ("relay.nft", include_str!("../../companions/relay.nft.j2")),
    ("relay.service", include_str!("../../companions/relay.service.j2")),
    ("relay.uci", include_str!("../../companions/relay.uci.j2")),
    ("dhcp.conf", include_str!("../../companions/dhcp.conf.j2")),
    ("dnsmasq.conf", include_str!("../../companions/dnsmasq.conf.j2")),
];

/// The router that the files stand beside.
#[derive(Clone, Debug, Default)]
pub struct Beside<'a> {
    /// The targets that the policy is compiled for, by name; none where that is left open, and any may be.
    pub targets: Vec<&'a str>,
    /// The kinds of VPN whose server stands in the router's own configuration, whichever of the targets it is.
    pub held: Vec<VpnKind>,
}

impl Beside<'_> {
    /// May it be this target?
    fn is(&self, target: &str) -> bool {
        self.targets.is_empty() || self.targets.contains(&target)
    }
}

/// The companions of a policy.
///
/// # Errors
/// A diagnostic when a template fails, which is a fault of hedgerow.
pub fn companions(network: &Network, beside: &Beside<'_>) -> Result<Companions, Box<Diagnostic>> {
    let mut found = Companions::default();
    let made = Printer::new().and_then(|printer| {
        home_assistant::write(network, &printer, &mut found)?;
        proxy::write(network, &printer, &mut found)?;
        tunnel::write(network, &printer, &mut found)?;
        relay::write(network, &printer, &mut found)?;
        vpn::write(network, beside, &printer, &mut found)?;
        discovery::write(network, beside, &printer, &mut found)?;
        names::write(network, &printer, &mut found)?;
        dhcp::write(network, beside, &printer, &mut found)?;
        readme::write(&printer, &mut found)
    });
    match made {
        Ok(()) => Ok(found),
        Err(error) => {
            let message = format!("the template of a companion failed: {error:#}");
            Err(Box::new(Diagnostic::error("template", network.router.span, message)))
        }
    }
}

impl Companions {
    fn file(&mut self, name: String, text: String) {
        self.files.push(File { name, text });
    }
}

/// Prints templates.
struct Printer(Environment<'static>);

impl Printer {
    fn new() -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_syntax(
            SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?,
        );
        for (name, text) in TEMPLATES {
            environment.add_template(name, text)?;
        }
        Ok(Self(environment))
    }

    fn print(&self, template: &str, context: Value) -> Result<String, minijinja::Error> {
        self.0.get_template(template)?.render(context)
    }
}

//! What asks at the door of a proxy: the certificate of a client, and a sign-in about every request.

use ipnet::IpNet;
use minijinja::{Value, context};

use super::{
    Companions,
    nginx_addon::is_one,
    words::{literal, machine, port, prefixes, socket, upstream},
};
use crate::model::{
    Action, AddressSet, Exposure, HostId, Network, OriginPulls, Place, Product, Rule, SignInKind, ZoneId,
    service::Traffic,
};
use crate::policy::seen::asks;

/// Whose certificates a proxy asks for, and why, as a comment says it.
pub struct Authority {
    /// Where the authority's own certificate lies; empty where nobody is asked.
    pub file: String,
    pub why: &'static str,
    /// Who comes from inside, and has nothing to show: Cloudflare alone has the certificate. Empty where everybody is asked.
    pub insiders: Vec<String>,
}

/// The volume in which Nginx Proxy Manager keeps what is its own.
const NPM: &str = "/data";

impl Authority {
    /// Where Nginx Proxy Manager finds it, where that is one of several products that it may be.
    pub fn for_npm(&self) -> String {
        let name = self.file.rsplit('/').next().unwrap_or_default();
        if self.file.starts_with("/ssl") || name.is_empty() { self.file.clone() } else { format!("{NPM}/{name}") }
    }

    /// Of an exposure under a name, with what has to be brought there by hand.
    pub fn of(
        network: &Network,
        exposure: &Exposure,
        proxy: Option<HostId>,
        name: &str,
        found: &mut Companions,
    ) -> Self {
        let host = machine(network, proxy);
        let product = exposure.through.as_ref().and_then(|through| through.proxy.product);
        // What an add-on of Home Assistant reads lies elsewhere, and a container sees its volumes alone.
        let certificates = match product {
            _ if is_one(exposure) => "/ssl",
            Some(Product::Npm) => NPM,
            _ => "/etc/ssl/certs",
        };
        if exposure.client_certificates.is_some() {
            let file = format!("{certificates}/clients-{name}.pem");
            found.by_hand.push(clients(host, &file));
            return Self {
                file,
                why: "Who has no certificate of this authority gets no further.",
                insiders: Vec::new(),
            };
        }
        let (file, why) = match exposure.proxied.map_or(OriginPulls::Off, |proxied| proxied.pulls) {
            OriginPulls::Off => return Self { file: String::new(), why: "", insiders: Vec::new() },
            OriginPulls::Global => (
                format!("{certificates}/cloudflare-origin-pull.pem"),
                "Authenticated Origin Pulls: who has no certificate of this authority gets no further. All of Cloudflare's customers have one.",
            ),
            OriginPulls::Zone | OriginPulls::Hostname => (
                format!("{certificates}/origin-pull-{name}.pem"),
                "Authenticated Origin Pulls: who has no certificate of this authority gets no further.",
            ),
        };
        found
            .by_hand
            .push(format!("the authority of the certificate by which Cloudflare proves itself, on {host} as {file}"));
        Self { file, why, insiders: insiders(network, exposure, proxy).iter().map(ToString::to_string).collect() }
    }
}

/// Who may ask for a name, where the router lets others to its port; nobody in particular where it does not.
pub fn only(network: &Network, exposure: &Exposure, proxy: Option<HostId>) -> Vec<String> {
    if network.opened_wider(exposure).is_none() {
        return Vec::new();
    }
    let outside: Vec<AddressSet> = exposure.from.iter().map(|from| from.addresses.clone()).collect();
    let inside = insiders(network, exposure, proxy);
    prefixes(&AddressSet::union_of(&outside)).into_iter().chain(inside).map(|net| net.to_string()).collect()
}

/// Those of the house whom rules let ask the proxy, and its neighbours: a DNS server inside leads them straight to it,
/// not by Cloudflare.
fn insiders(network: &Network, exposure: &Exposure, proxy: Option<HostId>) -> Vec<IpNet> {
    let listens = exposure.target().1.iter().filter_map(Traffic::single_port).collect::<Vec<_>>();
    let own = |zone: ZoneId| proxy.map(|host| network.host(host).address_set(Some(zone)));
    let led = |rule: &&Rule| {
        let there = rule.to.iter().any(|to| match to.place {
            Place::Router => proxy.is_none(),
            Place::Zone(zone) => own(zone).is_some_and(|own| !own.intersect(&to.addresses).is_empty()),
        });
        let asked = |traffic: &Traffic| listens.iter().any(|port| asks(traffic, *port));
        rule.action == Action::Allow && !rule.expired && there && rule.traffic.iter().any(asked)
    };
    let inner = |place: Place| matches!(place, Place::Zone(zone) if !network.zone(zone).is_internet());
    let mut found: Vec<AddressSet> = network
        .rules
        .iter()
        .filter(led)
        .flat_map(|rule| &rule.from)
        .filter(|from| inner(from.place))
        .map(|from| from.addresses.clone())
        .collect();
    let mut masks = false;
    for zone in proxy.iter().flat_map(|host| &network.host(*host).zones).map(|zone| network.zone(*zone)) {
        found.push(zone.network_set());
        masks |= zone.masquerade;
    }
    let mut found = literal(network, &AddressSet::union_of(&found));
    // Where the router puts its own address in the place of the sender's, that address may be anybody's.
    let outside = |rule: &Rule| rule.options.as_router && !rule.from.iter().all(|from| inner(from.place));
    if masks || network.rules.iter().filter(led).any(outside) {
        found = found.minus(&network.router_addresses());
    }
    prefixes(&found)
}

/// What has to be done for the certificates of clients.
pub fn clients(host: &str, file: &str) -> String {
    format!(
        "the authority of your clients' certificates, on {host} as {file}, and a certificate of it in each phone and browser: a watch and a webhook from outside can show none"
    )
}

/// What has to be done where no file of hedgerow's asks for certificates.
pub fn unasked(host: &str) -> String {
    format!(
        "the service on {host} has to ask for certificates of clients by itself: hedgerow writes no file of it, so until then it lets everybody in"
    )
}

/// What the proxy's file says of a sign-in; nothing without one. An error is what has to be done by hand instead.
pub fn sign_in(network: &Network, exposure: &Exposure, proxy: Option<HostId>) -> Result<Option<Value>, String> {
    let Some(sign_in) = &exposure.sign_in else { return Ok(None) };
    let asked = &network.host(sign_in.host).name;
    let runs_as = exposure.through.as_ref().and_then(|through| through.proxy.runs_as);
    let to =
        port(&sign_in.service).and_then(|port| Some(socket(upstream(network, proxy, runs_as, sign_in.host)?, port)));
    let Some(to) = to else {
        return Err(format!("the sign-in by {asked}, whose address may change"));
    };
    // Where each is asked by which proxy, and below which path its own pages are.
    let (nginx, caddy, traefik, pages) = match sign_in.kind {
        SignInKind::Authelia => ("/api/authz/auth-request", "/api/authz/forward-auth", "/api/authz/forward-auth", ""),
        SignInKind::Authentik => (
            "/outpost.goauthentik.io/auth/nginx",
            "/outpost.goauthentik.io/auth/caddy",
            "/outpost.goauthentik.io/auth/traefik",
            "/outpost.goauthentik.io/",
        ),
        SignInKind::Oauth2Proxy => ("/oauth2/auth", "/oauth2/auth", "/oauth2/auth", "/oauth2/"),
    };
    // What answers a stranger: oauth2-proxy's page, and authentik as it leads the strangers of Caddy on.
    let stranger = match sign_in.kind {
        SignInKind::Authelia => "",
        SignInKind::Authentik => "/outpost.goauthentik.io/auth/caddy",
        SignInKind::Oauth2Proxy => "/oauth2/sign_in",
    };
    // NGINX learns only that somebody is a stranger; the others are sent on by Authelia and authentik themselves.
    let redirect = sign_in.kind == SignInKind::Oauth2Proxy;
    Ok(Some(
        context! { redirect, kind => sign_in.kind.name(), host => asked, to, nginx, caddy, traefik, pages, stranger },
    ))
}

/// What has to be set in the program that asks, once for each exposure.
pub fn by_hand(network: &Network, exposure: &Exposure, name: &str) -> Option<String> {
    let sign_in = exposure.sign_in.as_ref()?;
    let host = &network.host(sign_in.host).name;
    let whole = match exposure.ports() {
        Some((port, _)) if port != 443 => format!("{name}:{port}"),
        _ => name.to_owned(),
    };
    let portal =
        network.exposures.iter().find(|portal| portal.host == sign_in.host && portal.service == sign_in.service);
    let portal = portal.and_then(|portal| portal.name.as_deref());
    Some(match sign_in.kind {
        SignInKind::Authelia => format!(
            "Authelia on {host}: a rule for {name} in `access_control`, and in `session.cookies` a domain that {name} lies in, with {} as its `authelia_url`; the apps of phones cannot sign in there",
            portal.map_or_else(
                || "a portal of its own name that is reachable".to_owned(),
                |portal| format!("https://{portal}")
            )
        ),
        SignInKind::Authentik => format!(
            "authentik on {host}: a proxy provider for https://{whole} with forward auth for a single application; the apps of phones cannot sign in there"
        ),
        SignInKind::Oauth2Proxy => format!(
            "oauth2-proxy on {host}: `--reverse-proxy`, and https://{whole}/oauth2/callback at the provider; the apps of phones cannot sign in there"
        ),
    })
}

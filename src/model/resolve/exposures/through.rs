//! `through HOST : SERVICE { ... }`: the reverse proxy of an exposure, and how the service sees it.

use ipnet::IpNet;

use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::{Arguments, Attributes},
        load::Space,
        network::{Install, Product, Proxy, RunsAs, Through},
        resolve::Resolver,
        service::{TCP, Traffic},
    },
    syntax::{
        self,
        token::{Kind, Literal, Token},
        tree::Name,
    },
};

const PRODUCTS: [(&str, Product); 6] = [
    ("nginx", Product::Nginx),
    ("caddy", Product::Caddy),
    ("traefik", Product::Traefik),
    ("npm", Product::Npm),
    ("haproxy", Product::Haproxy),
    ("synology", Product::Synology),
];

/// What no proxy on a router can be: the attribute, its value, and what is said of it.
const NOT_ON_A_ROUTER: [(&str, &str, &str, &str, &str); 4] = [
    (
        "product",
        "synology",
        "the proxy of a Synology runs on the NAS",
        "not on the router",
        "declare the NAS with `host` and name it behind `through`",
    ),
    (
        "product",
        "npm",
        "Nginx Proxy Manager is a container",
        "with an address of its own, so it is not the router",
        "declare the container with `host` and name it behind `through`; or take `product nginx`, `caddy` or `haproxy`",
    ),
    (
        "runs-as",
        "addon",
        "add-ons run beside Home Assistant, not on the router",
        "which of the two is it?",
        "name the host of Home Assistant behind `through`, or write `runs-as host`",
    ),
    (
        "runs-as",
        "container",
        "a container with an address of its own is not the router",
        "the router would have to forward to it",
        "declare it with `host` and name it behind `through`; one in the router's own network is `runs-as host`",
    ),
];

/// What follows `runs-as`.
#[derive(Clone, Copy)]
enum Way {
    Addon,
    Host,
    Container,
}

impl Resolver<'_> {
    pub(super) fn through(&mut self, mut arguments: Arguments<'_>, space: Space) -> Option<Through> {
        const LISTENS: &str = "the service on which the proxy listens";
        let router = arguments.peek().map(|token| token.span);
        let (host, service, span) = match router {
            Some(span) if arguments.word_is("router") => {
                (Some(None), self.service_behind(&mut arguments, span, space, LISTENS)?, span)
            }
            _ => {
                let what = ("the host of the reverse proxy, or `router`", LISTENS);
                let (name, service) = self.host_and_service(&mut arguments, space, what)?;
                (self.host_named(&name, space).map(Some), service, name.span)
            }
        };
        let service = service.unwrap_or_else(|| vec![Traffic::ports(TCP, 443, 443)]);
        let proxy = match &arguments.attribute.body {
            Some(body) => {
                let attributes = Attributes::new("through", body, self.errors);
                if host == Some(None) {
                    self.fits_the_router(&attributes);
                }
                self.proxy(&attributes)
            }
            None => Proxy::default(),
        };
        Some(Through { host: host?, proxy, service, span })
    }

    /// Reports what is no proxy of a router.
    fn fits_the_router(&self, attributes: &Attributes<'_>) {
        for (key, word, what, label, help) in NOT_ON_A_ROUTER {
            if let Some(mut arguments) = attributes.get(key)
                && arguments.word_is(word)
            {
                self.report(Diagnostic::error("attribute-value", arguments.span(), what).label(label).help(help));
            }
        }
    }

    /// `HOST` or `HOST : SERVICE`.
    pub(super) fn host_and_service(
        &mut self,
        arguments: &mut Arguments<'_>,
        space: Space,
        (host, service): (&str, &str),
    ) -> Option<(Name, Option<Vec<Traffic>>)> {
        let name = arguments.name(host)?;
        let service = self.service_behind(arguments, name.span, space, service)?;
        Some((name, service))
    }

    /// What stands behind a `:`; nothing inside where nothing does, nothing at all where it is wrong.
    #[expect(clippy::option_option, reason = "nothing said, and nothing that can be read, are two things")]
    fn service_behind(
        &mut self,
        arguments: &mut Arguments<'_>,
        place: Span,
        space: Space,
        what: &str,
    ) -> Option<Option<Vec<Traffic>>> {
        if !matches!(arguments.peek(), Some(Token { kind: Kind::Colon, .. })) {
            arguments.end();
            return Some(None);
        }
        arguments.next();
        if arguments.rest().is_empty() {
            arguments.expected(what);
            return None;
        }
        match syntax::items(arguments.rest(), self.source_text(place)) {
            Ok(items) => Some(Some(self.traffic(&items, space))),
            Err(error) => {
                self.report(*error);
                None
            }
        }
    }

    fn proxy(&self, attributes: &Attributes<'_>) -> Proxy {
        let product = attributes.choice("product", &PRODUCTS);
        let runs_as = attributes.get("runs-as").and_then(runs_as);
        if product == Some(Product::Synology)
            && let (Some(arguments), Some(RunsAs::Addon | RunsAs::Container(_))) = (attributes.get("runs-as"), runs_as)
        {
            self.report(
                Diagnostic::error(
                    "attribute-value",
                    arguments.span(),
                    "the proxy of a Synology is a program of the NAS",
                )
                .label("it is no add-on and no container")
                .help("write `runs-as host`, or leave it out"),
            );
        }
        Proxy {
            product,
            runs_as: runs_as.or((product == Some(Product::Synology)).then_some(RunsAs::Host)),
            seen_as: attributes.get("seen-as").map(seen_as).unwrap_or_default(),
            ..sight(attributes)
        }
    }

    /// Reports an add-on beside a Home Assistant that can have none.
    pub(in crate::model::resolve) fn addons(&self) {
        let proxies = self.network.exposures.iter().filter_map(|exposure| exposure.through.as_ref());
        let proxies = proxies.map(|through| (through.host, &through.proxy, through.span));
        let tunnels = self.network.exposures.iter().filter_map(|exposure| exposure.tunnel.as_ref());
        let tunnels = tunnels.map(|tunnel| (Some(tunnel.host), &tunnel.agent, tunnel.span));
        for (host, proxy, span) in proxies.chain(tunnels) {
            let home = self.network.home_assistants.iter().find(|home| Some(home.host) == host);
            if let Some(home) = home
                && let Some(install @ (Install::Container | Install::Core)) = home.install
                && proxy.runs_as == Some(RunsAs::Addon)
            {
                let word = if install == Install::Core { "core" } else { "container" };
                self.report(
                    Diagnostic::error("no-addons", span, "this Home Assistant has no add-ons, so this is none")
                        .label("said to run as an add-on")
                        .also(home.span, format!("installed as `{word}`, without the supervisor that add-ons need"))
                        .help("write how it runs: `runs-as host`, or `runs-as container ADDRESS`"),
                );
            }
        }
    }
}

/// What is said alike of a proxy and of the program that ends a tunnel.
pub(super) fn sight(attributes: &Attributes<'_>) -> Proxy {
    Proxy {
        forwarded_for: attributes.switch("forwarded-for").unwrap_or(true),
        forwarded_for_span: attributes.get("forwarded-for").map(|arguments| arguments.span()),
        ..Proxy::default()
    }
}

pub(super) fn runs_as(mut arguments: Arguments<'_>) -> Option<RunsAs> {
    let way = arguments.choice(&[("addon", Way::Addon), ("host", Way::Host), ("container", Way::Container)])?;
    let found = match way {
        Way::Addon => RunsAs::Addon,
        Way::Host => RunsAs::Host,
        Way::Container => RunsAs::Container(arguments.address("the address of the container")?.0),
    };
    arguments.end();
    Some(found)
}

pub(super) fn seen_as(mut arguments: Arguments<'_>) -> Vec<(IpNet, Span)> {
    let mut found = Vec::new();
    loop {
        let next = match arguments.peek() {
            Some(Token { kind: Kind::Literal(Literal::Prefix(..)), .. }) => arguments.prefix(),
            _ => arguments
                .address("an address or a prefix under which the service sees the proxy")
                .map(|(address, span)| (IpNet::from(address), span)),
        };
        let Some(next) = next else { return found };
        found.push(next);
        if !arguments.comma() {
            arguments.end();
            return found;
        }
    }
}

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

/// What follows `runs-as`.
#[derive(Clone, Copy)]
enum Way {
    Addon,
    Host,
    Container,
}

impl Resolver<'_> {
    pub(super) fn through(&mut self, mut arguments: Arguments<'_>, space: Space) -> Option<Through> {
        let what = ("the host of the reverse proxy", "the service on which the proxy listens");
        let (name, service) = self.host_and_service(&mut arguments, space, what)?;
        let host = self.host_named(&name, space);
        let service = service.unwrap_or_else(|| vec![Traffic::ports(TCP, 443, 443)]);
        let proxy = match &arguments.attribute.body {
            Some(body) => self.proxy(&Attributes::new("through", body, self.errors)),
            None => Proxy::default(),
        };
        Some(Through { host: host?, proxy, service, span: name.span })
    }

    /// `HOST` or `HOST : SERVICE`.
    pub(super) fn host_and_service(
        &mut self,
        arguments: &mut Arguments<'_>,
        space: Space,
        (host, service): (&str, &str),
    ) -> Option<(Name, Option<Vec<Traffic>>)> {
        let name = arguments.name(host)?;
        if !matches!(arguments.peek(), Some(Token { kind: Kind::Colon, .. })) {
            arguments.end();
            return Some((name, None));
        }
        arguments.next();
        if arguments.rest().is_empty() {
            arguments.expected(service);
            return None;
        }
        match syntax::items(arguments.rest(), self.source_text(name.span)) {
            Ok(items) => Some((name, Some(self.traffic(&items, space)))),
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
        for (host, proxy, span) in proxies.chain(tunnels.map(|tunnel| (tunnel.host, &tunnel.agent, tunnel.span))) {
            let home = self.network.home_assistants.iter().find(|home| home.host == host);
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

//! `proxied` and `split-dns`: who answers to the public name, outside and inside.

use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::Attributes,
        network::{Exposure, OriginPulls, Product, Proxied, Tls},
        resolve::Resolver,
    },
    syntax::tree,
};

impl Resolver<'_> {
    pub(super) fn proxied(&self, attributes: &Attributes<'_>) -> Option<Proxied> {
        let mut arguments = attributes.get("proxied")?;
        arguments.choice(&[("cloudflare", ())])?;
        let empty = tree::Body::default();
        let body = arguments.body().unwrap_or(&empty);
        let inner = Attributes::new("proxied", body, self.errors);
        let pulls = inner.choice(
            "origin-pulls",
            &[
                ("off", OriginPulls::Off),
                ("global", OriginPulls::Global),
                ("zone", OriginPulls::Zone),
                ("hostname", OriginPulls::Hostname),
            ],
        );
        self.needs_a_name(attributes, arguments.attribute.key.span, "a proxied name");
        Some(Proxied { pulls: pulls.unwrap_or(OriginPulls::Off), span: arguments.span() })
    }

    /// Reports a client certificate that there is no TLS for, and a challenge that ends at the proxy.
    pub(super) fn fits_the_proxy(&self, attributes: &Attributes<'_>, exposure: &Exposure) {
        let Some(proxied) = exposure.proxied else { return };
        if exposure.tls == Some(Tls::Alpn01)
            && let Some(tls) = attributes.get("tls")
        {
            self.report(
                Diagnostic::error("misplaced-attribute", tls.span(), "`alpn-01` does not get past Cloudflare")
                    .label("the challenge is in the handshake, which Cloudflare answers itself")
                    .also(proxied.span, "proxied here")
                    .help("write `tls letsencrypt dns-01`, or `tls own` with a certificate of Cloudflare's for the origin"),
            );
        }
        if exposure.tls == Some(Tls::None) && proxied.pulls != OriginPulls::Off {
            self.report(
                Diagnostic::error("misplaced-attribute", proxied.span, "`origin-pulls` needs TLS on this side")
                    .label("a certificate is shown within TLS, and there is `tls none`")
                    .help("write where the certificate of this side comes from, as in `tls own`"),
            );
        }
        if proxied.pulls == OriginPulls::Off {
            return;
        }
        let product = exposure.through.as_ref().and_then(|through| through.proxy.product);
        if product == Some(Product::Synology) {
            self.report(
                Diagnostic::error("misplaced-attribute", proxied.span, "this proxy does not ask Cloudflare for a certificate")
                    .label("its pages have no setting for that")
                    .help("take `product nginx`, `caddy`, `traefik`, `haproxy` or `npm`; or write `origin-pulls off`, and let nobody in but Cloudflare by `from cloudflare-v4`"),
            );
        }
        if let Some((true, span)) = exposure.split_dns.filter(|_| exposure.asks_insiders()) {
            let who = if product == Some(Product::Npm) { "Nginx Proxy Manager" } else { "Traefik" };
            self.report(
                Diagnostic::error("misplaced-attribute", span, format!("{who} lets nobody in who comes straight from inside"))
                    .label(format!("leads people inside to {who}, past Cloudflare"))
                    .also(proxied.span, format!("{who} asks everybody for the certificate that only Cloudflare has"))
                    .help("remove it: inside, the name then leads to Cloudflare as well; or take `product nginx`, `caddy` or `haproxy`, which ask outside only"),
            );
        }
    }

    pub(super) fn split_dns(&self, attributes: &Attributes<'_>) -> Option<(bool, Span)> {
        let arguments = attributes.get("split-dns")?;
        let on = attributes.switch("split-dns")?;
        if on {
            self.needs_a_name(attributes, arguments.attribute.key.span, "a DNS server");
        }
        Some((on, arguments.span()))
    }

    fn needs_a_name(&self, attributes: &Attributes<'_>, span: Span, who: &str) {
        if attributes.lacks("name") {
            self.report(
                Diagnostic::error("missing-attribute", span, format!("{who} has to be told the name"))
                    .label("needs `name`")
                    .help("write the public name, as in `name home.example.org`"),
            );
        }
    }
}

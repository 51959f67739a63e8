//! `client-certificates` and `sign-in`: who has to show what before anything gets to the service.

use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::{Arguments, Attributes},
        load::Space,
        network::{Exposure, Product, SignIn, SignInKind, Tls},
        resolve::Resolver,
        service::Traffic,
    },
    syntax::tree,
};

/// Where it is asked for that clients show certificates.
pub(super) fn client_certificates(attributes: &Attributes<'_>) -> Option<Span> {
    let span = attributes.get("client-certificates")?.span();
    attributes.switch("client-certificates")?.then_some(span)
}

impl Resolver<'_> {
    pub(super) fn sign_in(&mut self, mut arguments: Arguments<'_>, space: Space) -> Option<SignIn> {
        let what = ("the host that asks who it is", "the service on which it is asked");
        let (name, service) = self.host_and_service(&mut arguments, space, what)?;
        let empty = tree::Body::default();
        let body = arguments.attribute.body.as_ref().unwrap_or(&empty);
        let inner = Attributes::new("sign-in", body, self.errors);
        let kind = inner.choice("kind", &SignInKind::ALL);
        if inner.lacks("kind") {
            self.report(
                Diagnostic::error("missing-attribute", name.span, "each of these programs is asked in its own way")
                    .label("needs `kind`")
                    .help("write `{ kind authelia }`, `{ kind authentik }` or `{ kind oauth2-proxy }`"),
            );
        }
        let host = self.host_named(&name, space)?;
        let (kind, span) = (kind?, name.span);
        if service.as_ref().is_some_and(|service| !matches!(service.as_slice(), [one] if one.single_port().is_some())) {
            self.report(
                Diagnostic::error("port-of-many", span, "a sign-in is asked on one port")
                    .label("which of the service's ports?")
                    .help(format!("write it, as in `tcp {}`", kind.port())),
            );
            return None;
        }
        Some(SignIn { host, kind, service: service.unwrap_or_else(|| kind.usual()), span })
    }

    /// Reports a certificate that could never be shown.
    pub(super) fn fits_the_handshake(&self, attributes: &Attributes<'_>, exposure: &Exposure) {
        // A tunnel has been told of that already.
        let Some(span) = exposure.client_certificates.filter(|_| exposure.tunnel.is_none()) else { return };
        let report = |what: &str, label: &str, help: &str| {
            self.report(Diagnostic::error("misplaced-attribute", span, what).label(label).help(help));
        };
        if exposure.tls == Some(Tls::None) || attributes.lacks("tls") {
            report(
                "a client shows its certificate within TLS",
                "there is none",
                "say where the certificate of this side comes from, as in `tls letsencrypt dns-01`",
            );
        } else if exposure.tls == Some(Tls::Alpn01) {
            report(
                "`alpn-01` would be turned away as well",
                "who asks for the challenge has no certificate to show",
                "write `tls letsencrypt dns-01`",
            );
        } else if exposure.proxied.is_some() {
            report(
                "behind Cloudflare a client's certificate does not get here",
                "clients end their TLS at Cloudflare",
                "let Cloudflare ask for it and write `origin-pulls zone` here, or remove `proxied`",
            );
        } else if exposure.through.as_ref().is_some_and(|through| through.proxy.product == Some(Product::Synology)) {
            report(
                "this proxy asks no client for a certificate",
                "its pages have no setting for that",
                "take `product nginx`, `caddy`, `traefik`, `haproxy` or `npm`",
            );
        }
    }

    /// Reports a sign-in that nobody would ask: by now it is known who fronts whom.
    pub(in crate::model::resolve) fn sign_ins(&self) {
        for exposure in &self.network.exposures {
            let Some(sign_in) = &exposure.sign_in else { continue };
            let product = exposure.through.as_ref().and_then(|through| through.proxy.product);
            let report = |what: &str, label: &str, help: &str| {
                self.report(Diagnostic::error("misplaced-attribute", sign_in.span, what).label(label).help(help));
            };
            // A page beside Home Assistant on its own machine is that of a proxy.
            let web = |traffic: &Traffic| matches!(traffic.single_port(), Some(80 | 443));
            let beside = self.network.home_assistants.iter().any(|home| home.host == exposure.host)
                && exposure.service.iter().any(web);
            if exposure.through.is_none() && !beside {
                report(
                    "it is the reverse proxy that asks for a sign-in",
                    "there is none",
                    "put one before the service with `through`",
                );
            } else if matches!(product, Some(Product::Haproxy | Product::Npm | Product::Synology)) {
                report(
                    "this proxy asks nobody before it passes a request on",
                    "it has no words for that",
                    "take `product nginx`, `caddy` or `traefik`",
                );
            }
        }
    }
}

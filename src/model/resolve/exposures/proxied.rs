//! `proxied` and `split-dns`: who answers to the public name, outside and inside.

use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::Attributes,
        network::{Exposure, OriginPulls, Proxied, Tls},
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

    /// Reports a client certificate that there is no TLS for.
    pub(super) fn pulls_need_tls(&self, exposure: &Exposure) {
        let Some(proxied) = exposure.proxied.filter(|proxied| proxied.pulls != OriginPulls::Off) else { return };
        if exposure.tls == Some(Tls::None) {
            self.report(
                Diagnostic::error("misplaced-attribute", proxied.span, "`origin-pulls` needs TLS on this side")
                    .label("a certificate is shown within TLS, and there is `tls none`")
                    .help("write where the certificate of this side comes from, as in `tls own`"),
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

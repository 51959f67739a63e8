//! The templates, and the files that they fill.

use minijinja::{
    AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value, context, syntax::SyntaxConfig,
    value::Serde,
};
use serde::Serialize;

use super::document::Document;
use crate::router::File;

const TEMPLATES: [(&str, &str); 22] = [
    ("end.xml.j2", include_str!("../../../../targets/pfsense/end.xml.j2")),
    ("config", include_str!("../../../../targets/pfsense/config.xml.j2")),
    ("aliases", include_str!("../../../../targets/pfsense/aliases.xml.j2")),
    ("schedules", include_str!("../../../../targets/pfsense/schedules.xml.j2")),
    ("filter", include_str!("../../../../targets/pfsense/filter.xml.j2")),
    ("separators", include_str!("../../../../targets/pfsense/separators.xml.j2")),
    ("translations", include_str!("../../../../targets/pfsense/translations.xml.j2")),
    ("outbound", include_str!("../../../../targets/pfsense/outbound.xml.j2")),
    ("vlans", include_str!("../../../../targets/pfsense/vlans.xml.j2")),
    ("interfaces", include_str!("../../../../targets/pfsense/interfaces.xml.j2")),
    ("dhcpd", include_str!("../../../../targets/pfsense/dhcpd.xml.j2")),
    ("mappings", include_str!("../../../../targets/pfsense/mappings.xml.j2")),
    ("gateways", include_str!("../../../../targets/pfsense/gateways.xml.j2")),
    ("routes", include_str!("../../../../targets/pfsense/routes.xml.j2")),
    ("addresses", include_str!("../../../../targets/pfsense/addresses.xml.j2")),
    ("groups", include_str!("../../../../targets/pfsense/groups.xml.j2")),
    ("openvpn", include_str!("../../../../targets/pfsense/openvpn.xml.j2")),
    ("wireguard", include_str!("../../../../targets/pfsense/wireguard.xml.j2")),
    ("peers", include_str!("../../../../targets/pfsense/peers.xml.j2")),
    ("names", include_str!("../../../../targets/pfsense/names.xml.j2")),
    ("resolver", include_str!("../../../../targets/pfsense/resolver.xml.j2")),
    ("advertised", include_str!("../../../../targets/pfsense/advertised.xml.j2")),
];

/// The lists of a configuration as XML, each without the element around it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Parts {
    pub aliases: String,
    pub schedules: String,
    pub filter: String,
    pub separators: String,
    pub translations: String,
    pub outbound: String,
    pub vlans: String,
    pub interfaces: String,
    pub dhcpd: String,
    /// Reservations for pools that are there, by the interface.
    #[serde(skip)]
    pub mappings: Vec<(String, String)>,
    pub addresses: String,
    pub gateways: String,
    pub routes: String,
    pub groups: String,
    pub openvpn: String,
    pub wireguard: String,
    pub peers: String,
    pub names: String,
    /// The settings of the resolver, beside the names.
    pub resolver: String,
    pub advertised: String,
}

/// Prints with everything escaped that XML would read as its own, but for what was printed before.
pub struct Printer(Environment<'static>);

impl Printer {
    /// With all templates.
    ///
    /// # Errors
    /// If a template is wrong.
    pub fn new() -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Custom("xml".into()));
        environment.set_formatter(escape);
        environment.set_syntax(
            SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?,
        );
        for (name, text) in TEMPLATES {
            environment.add_template(name, text)?;
        }
        Ok(Self(environment))
    }

    /// The lists.
    ///
    /// # Errors
    /// If a template fails.
    pub fn parts(&self, document: &Document) -> Result<Parts, Error> {
        let print =
            |name: &str| self.0.get_template(name)?.render(context! { document => Value::from(Serde(document)) });
        Ok(Parts {
            aliases: print("aliases")?,
            schedules: print("schedules")?,
            filter: print("filter")?,
            separators: print("separators")?,
            translations: print("translations")?,
            outbound: print("outbound")?,
            vlans: print("vlans")?,
            interfaces: print("interfaces")?,
            dhcpd: print("dhcpd")?,
            mappings: document
                .mappings
                .iter()
                .map(|pool| {
                    let hosts = Value::from(Serde(&pool.hosts));
                    Ok((pool.key.clone(), self.0.get_template("mappings")?.render(context! { hosts })?))
                })
                .collect::<Result<_, Error>>()?,
            addresses: print("addresses")?,
            gateways: print("gateways")?,
            routes: print("routes")?,
            groups: print("groups")?,
            openvpn: print("openvpn")?,
            wireguard: print("wireguard")?,
            peers: print("peers")?,
            names: print("names")?,
            resolver: print("resolver")?,
            advertised: print("advertised")?,
        })
    }

    /// The whole configuration of a fresh machine.
    ///
    /// # Errors
    /// If the template fails.
    pub fn whole(&self, document: &Document, parts: &Parts, policy: &str) -> Result<String, Error> {
        let safe = |text: &str| Value::from_safe_string(text.to_owned());
        self.0.get_template("config")?.render(context! {
            document => Value::from(Serde(document)),
            parts => context! {
                aliases => safe(&parts.aliases),
                schedules => safe(&parts.schedules),
                filter => safe(&parts.filter),
                separators => safe(&parts.separators),
                translations => safe(&parts.translations),
                outbound => safe(&parts.outbound),
                vlans => safe(&parts.vlans),
                interfaces => safe(&parts.interfaces),
                dhcpd => safe(&parts.dhcpd),
                addresses => safe(&parts.addresses),
                gateways => safe(&parts.gateways),
                routes => safe(&parts.routes),
                groups => safe(&parts.groups),
                openvpn => safe(&parts.openvpn),
                wireguard => safe(&parts.wireguard),
                peers => safe(&parts.peers),
                names => safe(&parts.names),
                resolver => safe(&parts.resolver),
                advertised => safe(&parts.advertised),
            },
            policy => policy.replace("--", "__"),
            version => env!("CARGO_PKG_VERSION"),
        })
    }
}

/// The files of the areas that pfSense restores one by one, without anything of the user's. It takes no empty ones.
pub fn areas(parts: &Parts) -> Vec<File> {
    let around = |tag: &str, inner: String| format!("<{tag}>\n{inner}</{tag}>\n");
    let outbound = format!("\t\t<outbound>\n\t\t\t<mode>advanced</mode>\n{}\t\t</outbound>\n", parts.outbound);
    let areas = [
        ("vlans", parts.vlans.clone(), !parts.vlans.is_empty()),
        ("interfaces", parts.interfaces.clone(), !parts.interfaces.is_empty()),
        ("aliases", parts.aliases.clone(), !parts.aliases.is_empty()),
        ("nat", format!("{}{outbound}", parts.translations), true),
        ("dhcpd", parts.dhcpd.clone(), !parts.dhcpd.is_empty()),
        ("dhcpdv6", parts.advertised.clone(), !parts.advertised.trim().is_empty()),
        ("unbound", format!("{}{}", parts.resolver, parts.names), !parts.names.trim().is_empty()),
        ("openvpn", parts.openvpn.clone(), !parts.openvpn.trim().is_empty()),
        // Times have no area, and a rule whose schedule is not there counts always.
        ("filter", format!("{}{}", parts.filter, parts.separators), parts.schedules.trim().is_empty()),
    ];
    let wanted = areas.into_iter().filter(|(_, _, any)| *any);
    wanted.map(|(tag, inner, _)| File { name: format!("{tag}.xml"), text: around(tag, inner) }).collect()
}

fn escape(out: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    let written = match value.as_str() {
        Some(text) if !value.is_safe() => out.write_str(&quick_xml::escape::escape(text)),
        Some(text) => out.write_str(text),
        None => out.write_str(&value.to_string()),
    };
    written.map_err(Error::from)
}

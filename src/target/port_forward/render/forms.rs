//! The files of one router: a form that cannot say all of its forwards is left out, and why is told.

use minijinja::{Environment, UndefinedBehavior, context, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Place, forwards::Entry, nvram, scripts, words};
use crate::{plan::Request, router::File};

const TABLE: &str = include_str!("../../../../targets/port-forward/forwards.md.j2");
const ASK: &str = include_str!("../../../../targets/port-forward/ask.sh.j2");
const NVRAM: &str = include_str!("../../../../targets/port-forward/nvram.sh.j2");

/// Files, and the forms that are missing with the reason.
pub struct Forms {
    pub files: Vec<File>,
    pub left_out: Vec<(&'static str, String)>,
}

/// A row of the table, every cell ready for it.
#[derive(Serialize)]
struct Row {
    name: String,
    protocol: String,
    public: String,
    address: String,
    inner: String,
    from: String,
    uplink: String,
    host: String,
    note: String,
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    environment.add_template("table", TABLE)?;
    environment.add_template("ask", ASK)?;
    environment.add_template("nvram", NVRAM)?;
    Ok(environment)
}

pub fn files(place: &Place, request: &Request) -> Result<Forms, minijinja::Error> {
    let environment = environment()?;
    let policy = request.policy.rsplit('/').next().unwrap_or(request.policy);
    let policy = words::plain(policy);
    let head = context! {
        policy => policy.as_str(),
        title => words::plain(&place.title),
        version => env!("CARGO_PKG_VERSION"),
    };
    let mut forms = Forms { files: Vec::new(), left_out: Vec::new() };
    let mut add = |name: &str, text: String| {
        forms.files.push(File { name: format!("{}{name}", place.folder), text });
    };
    add("forwards.json", json_text(place, &policy));
    add("forwards.csv", csv_text(&place.entries));
    let rows: Vec<Row> = place.entries.iter().map(|entry| row(entry, words::cell)).collect();
    let several = place.entries.iter().any(|entry| !entry.uplink.is_empty());
    let table = environment.get_template("table")?.render(context! {
        rows => minijinja::Value::from(Serde(&rows)),
        several,
        ..head.clone()
    })?;
    add("forwards.md", table);
    let mut left_out = Vec::new();
    match scripts::hosts(&place.entries) {
        Ok(hosts) => {
            for (protocol, program) in [("upnp", "upnpc"), ("natpmp", "natpmpc")] {
                let text = |remove: bool| {
                    environment.get_template("ask")?.render(context! {
                        hosts => minijinja::Value::from(Serde(&hosts)),
                        protocol,
                        program,
                        remove,
                        ..head.clone()
                    })
                };
                add(&format!("{protocol}.sh"), text(false)?);
                add(&format!("{protocol}-remove.sh"), text(true)?);
            }
        }
        Err(why) => left_out.push(("the scripts for UPnP and NAT-PMP", why)),
    }
    let restricted = place.entries.iter().any(|entry| !entry.from.is_empty());
    let mut router = |name: &str, kind: &str, variables: Vec<(&str, String)>| {
        let quoted: Vec<(&str, String)> = variables.iter().map(|(name, value)| (*name, words::shell(value))).collect();
        let text = environment.get_template("nvram")?.render(context! {
            kind,
            restricted,
            variables => minijinja::Value::from(Serde(&quoted)),
            ..head.clone()
        })?;
        add(name, text);
        Ok::<(), minijinja::Error>(())
    };
    match nvram::asuswrt(&place.entries) {
        Ok(value) => router("asuswrt.sh", "asuswrt", vec![("vts_enable_x", "1".to_owned()), ("vts_rulelist", value)])?,
        Err(why) => left_out.push(("Asuswrt", why)),
    }
    match nvram::dd_wrt(&place.entries) {
        Ok((value, count)) => {
            router("dd-wrt.sh", "dd-wrt", vec![("forward_spec", value), ("forwardspec_entries", count.to_string())])?;
        }
        Err(why) => left_out.push(("DD-WRT", why)),
    }
    match nvram::tomato(&place.entries) {
        Ok(value) => router("freshtomato.sh", "freshtomato", vec![("portforward", value)])?,
        Err(why) => left_out.push(("FreshTomato", why)),
    }
    forms.left_out = left_out;
    Ok(forms)
}

fn row(entry: &Entry, cell: impl Fn(&str) -> String) -> Row {
    let from = if entry.from.is_empty() { "anyone".to_owned() } else { entry.from.join(", ") };
    Row {
        name: cell(&entry.name),
        protocol: entry.protocol.to_ascii_uppercase(),
        public: Entry::range(entry.ports),
        address: entry.address.to_string(),
        inner: Entry::range(entry.inner),
        from,
        uplink: cell(&entry.uplink),
        host: cell(&entry.host),
        note: cell(&entry.note),
    }
}

fn json_text(place: &Place, policy: &str) -> String {
    let forwards: Vec<Value> = place
        .entries
        .iter()
        .map(|entry| {
            let mut value = json!({
                "name": entry.name,
                "protocol": entry.protocol,
                "port": Entry::range(entry.ports),
                "address": entry.address.to_string(),
                "inner_port": Entry::range(entry.inner),
                "from": entry.from,
                "host": entry.host,
                "note": entry.note,
            });
            if let (false, Value::Object(map)) = (entry.uplink.is_empty(), &mut value) {
                map.insert("uplink".to_owned(), entry.uplink.clone().into());
            }
            value
        })
        .collect();
    let document = json!({ "router": place.title, "policy": policy, "forwards": forwards });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// RFC 4180, with LF.
fn csv_text(entries: &[Entry]) -> String {
    let quoted = |text: String| {
        if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    let mut text = String::from("name,protocol,public port,address,port,from,uplink,host,note\n");
    for entry in entries {
        let Row { name, protocol, public, address, inner, from, uplink, host, note } = row(entry, words::sheet);
        let cells = [name, protocol, public, address, inner, from, uplink, host, note];
        text += &(cells.map(quoted).join(",") + "\n");
    }
    text
}

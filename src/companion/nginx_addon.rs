//! The add-on "NGINX Home Assistant SSL proxy": Home Assistant OS has no folder of NGINX's own, and takes options instead
//! (home-assistant/addons, `nginx_proxy`).

use minijinja::{Error, Value};

use super::{Companions, Printer};
use crate::{
    model::{Exposure, Network, RunsAs},
    policy::seen::asks_for_it,
};

/// Is the proxy an add-on, with a site of its own before Home Assistant?
pub fn is_one(exposure: &Exposure) -> bool {
    let Some(through) = &exposure.through else { return false };
    through.proxy.runs_as == Some(RunsAs::Addon) && through.host == Some(exposure.host)
}

/// Writes the options, and what of the policy these have no words for into the files that it takes in besides.
pub fn write(
    network: &Network,
    exposure: &Exposure,
    name: &str,
    (values, inside): (&Value, bool),
    printer: &Printer,
    found: &mut Companions,
) -> Result<(), Error> {
    if !asks_for_it(network, exposure) || exposure.sign_in.is_some() {
        found.by_hand.push(format!(
            "{name} at the add-on of NGINX, which asks Home Assistant alone, and nobody for a sign-in: a server of your own in /share/nginx_proxy, with `customize` on"
        ));
        return Ok(());
    }
    let folder = format!("proxy-{name}");
    found.file(format!("{folder}/nginx-options.yaml"), printer.print("nginx-options.yaml", values.clone())?);
    if values.get_attr("authority")?.is_true() {
        let text = printer.print("nginx-addon-default.conf", values.clone())?;
        found.file(format!("{folder}/share/nginx_proxy_default.conf"), text);
    }
    if inside {
        let text = printer.print("nginx-inside.conf", values.clone())?;
        found.file(format!("{folder}/share/nginx_proxy/{name}.conf"), text);
    }
    if !exposure.through.as_ref().is_none_or(|through| through.proxy.forwarded_for) {
        found.by_hand.push(format!("`forwarded-for off` of {name}: the add-on of NGINX always says who the client is"));
    }
    Ok(())
}

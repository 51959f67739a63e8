//! DHCP on a compiled Linux router: who has a reservation gets its address, and nobody else gets one where there is no pool.

use std::fs;

use crate::{home::Lab, lab::Space};

/// Asks for an address as a device does; what it was told, or that nobody answered.
fn asks(space: &Space, hardware: &str) -> Result<String, String> {
    space.run("ip link set e0 down")?;
    space.run(&format!("ip link set e0 address {hardware}"))?;
    space.run("ip link set e0 up")?;
    // It only asks: the script that would set the address up does nothing.
    space.run("busybox udhcpc -i e0 -n -q -f -t 4 -T 1 -s /bin/true")
}

pub fn dnsmasq_gives_what_is_reserved() -> Result<(), String> {
    let policy = fs::read_to_string(super::home::POLICY).map_err(|error| error.to_string())?;
    let policy = policy.replace("address 10.0.20.10 }", "address 10.0.20.10;  mac 52:54:00:aa:bb:10 }")
        + "allow srv -> router : dhcp\n";
    let lab = Lab::with("dhcp", &policy)?;
    let file = lab.folder.write("dnsmasq.conf", lab.companion("dhcp/dnsmasq.conf")?);
    let leases = lab.folder.0.join("leases");
    let line =
        format!("dnsmasq --no-daemon --user=root --port=0 --pid-file= --dhcp-leasefile={} -C {file}", leases.display());
    let _server = lab.router.start(&line, &lab.folder.0.join("dnsmasq.log"), "static leases only on 10.0.20.0")?;
    let host = &lab.hosts["ha"];
    host.run("ip addr flush dev e0")?;
    let said = asks(host, "52:54:00:aa:bb:10")?;
    if !said.contains("lease of 10.0.20.10 obtained") {
        return Err(format!("its reservation is not what it gets:\n{said}"));
    }
    match asks(host, "52:54:00:aa:bb:11") {
        Err(said) if said.contains("no lease") => Ok(()),
        Err(said) | Ok(said) => Err(format!("who has no reservation is given an address:\n{said}")),
    }
}

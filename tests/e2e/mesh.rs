//! What a mesh VPN needs of a compiled router. Neither Tailscale nor `ZeroTier` can be installed from Debian, `PyPI` or npm, so
//! two nodes of a stand-in (`mesh.py`) do to the router what theirs do: punch holes over UDP, or meet at a relay over TCP.
//! It says nothing of their own programs.

use std::{fs, path::Path};

use crate::{
    home::Lab,
    lab::{Running, Space},
};

/// The port of Tailscale's node, the STUN port of its servers, and that of its relays.
const OWN: u16 = 41641;

fn program(lab: &Lab, space: &Space, line: &str, until: &str) -> Result<Running, String> {
    let log = lab.folder.0.join(format!("{}.log", line.replace([' ', ':'], "-")));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/mesh.py");
    space.start(&format!("python3 -u {} {line}", script.display()), &log, until)
}

/// A datagram to the public address that nobody asked for; whether it arrived.
fn uninvited(lab: &Lab) -> Result<bool, String> {
    let listen = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 41641)); \
                  s.settimeout(2)\ntry: s.recvfrom(9); print('heard')\nexcept OSError: print('silence')";
    let file = lab.folder.write("listen.py", &format!("print('ready', flush=True)\n{listen}\n"));
    let log = lab.folder.0.join("listen.log");
    let _node = lab.hosts["ha"].start(&format!("python3 -u {file}"), &log, "ready")?;
    let send = "import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
                for _ in range(10): s.sendto(b'x', ('203.0.113.20', 41641)); time.sleep(0.1)\n";
    let file = lab.folder.write("send.py", send);
    lab.hosts["outside"].run(&format!("python3 {file}"))?;
    std::thread::sleep(std::time::Duration::from_secs(2));
    Ok(fs::read_to_string(&log).map_err(|error| error.to_string())?.contains("heard"))
}

pub fn the_flows_of_a_mesh_get_through_and_nothing_else() -> Result<(), String> {
    let policy = fs::read_to_string(super::home::POLICY).map_err(|error| error.to_string())?;
    // As `hedgerow init --mode tailscale` has it.
    let mesh = "zone tailnet { role vpn;  network 100.64.0.0/10 }\n\
                vpn tailnet { kind tailscale;  server ha;  runs-as addon;  advertises nothing;  exit-node off;  share off }\n";
    let relays = format!("{policy}{mesh}allow ha -> internet : tailscale\n");
    let both = format!("{relays}allow ha -> internet : tailscale-direct\n");
    let relay = |lab: &Lab| -> Result<(), String> {
        let out = &lab.hosts["outside"];
        let _relay = program(lab, out, "relay 203.0.113.77 443", "ready")?;
        let _far = program(lab, out, "relayed far 203.0.113.77 443", "")?;
        program(lab, &lab.hosts["ha"], "relayed near 203.0.113.77 443", "relayed").map(drop)
    };
    // The peer is on a port that no rule names, as behind a translation of its own.
    let punch = |lab: &Lab, until: &str| -> Result<(), String> {
        let out = &lab.hosts["outside"];
        let _server = program(lab, out, "rendezvous 203.0.113.77 3478", "ready")?;
        let _far = program(lab, out, "direct far 52000 203.0.113.77 3478", "")?;
        program(lab, &lab.hosts["ha"], &format!("direct near {OWN} 203.0.113.77 3478"), until).map(drop)
    };
    let lab = Lab::with("mesh", &both)?;
    if uninvited(&lab)? {
        return Err("what nobody asked for gets in".to_owned());
    }
    punch(&lab, "direct from 203.0.113.77:52000")?;
    relay(&lab)?;
    drop(lab);
    // Without the rule for the direct way the relay is left, which is slower and enough.
    let lab = Lab::with("relays", &relays)?;
    punch(&lab, "no direct way")?;
    relay(&lab)
}

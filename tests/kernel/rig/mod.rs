//! A router and the networks around it, in network namespaces of this machine, for tests that send real packets.
//!
//! The router is a namespace whose interfaces carry the names and addresses that a [`World`] gives. At the far end of
//! each is one more namespace, a *segment*, which stands for all hosts there: it answers at every address and on every
//! port, and what it sees is reported under the name of the host that owns the address. Hosts of one segment reach each
//! other directly, as on one wire; everything else goes to the router. Neighbour discovery is real, so a ruleset that
//! forbids it breaks IPv6 here as it would at home.
//!
//! The namespaces have no names. They belong to the file descriptors of the [`Rig`] and are gone when it is dropped,
//! or when the process ends, however it ends. No interface of theirs leads out of them.

mod packet;
mod probe;
mod sys;

use std::collections::{HashMap, HashSet};
use std::ffi::CString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

pub use probe::{Arrival, Flow, Kind, Probe, Seen};

/// What is around the router.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub links: Vec<Link>,
}

/// One interface of the router and the hosts behind it.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// The interface's name in the router. Any name that the kernel takes, without a blank, a quote or `#`.
    pub name: String,
    /// The router's addresses there; each makes its network reachable through this interface.
    pub router_addresses: Vec<IpNet>,
    pub hosts: Vec<Host>,
    /// Further networks that the router reaches through this interface, where it has an address of their family.
    pub routes: Vec<IpNet>,
    /// Whether the router's default routes lead here.
    pub default_route: bool,
}

/// A named host. Addresses that no host owns answer as well; the segment's name then stands for them.
#[derive(Clone, Debug)]
pub struct Host {
    pub name: String,
    /// The first of each family is the one that the host's probes come from.
    pub addresses: Vec<IpAddr>,
}

impl World {
    pub fn link(mut self, link: Link) -> World {
        self.links.push(link);
        self
    }
}

impl Link {
    /// A link with the router's addresses on it, each as `address/length`.
    pub fn new(name: &str, router_addresses: &[&str]) -> Link {
        let router_addresses = router_addresses.iter().map(|text| text.parse().expect("an address with its length"));
        Link { name: name.into(), router_addresses: router_addresses.collect(), ..Link::default() }
    }

    pub fn host(mut self, name: &str, addresses: &[&str]) -> Link {
        let addresses = addresses.iter().map(|text| text.parse().expect("an address")).collect();
        self.hosts.push(Host { name: name.into(), addresses });
        self
    }

    /// A further network behind this link, `address/length`.
    pub fn route(mut self, network: &str) -> Link {
        self.routes.push(network.parse().expect("a network"));
        self
    }

    /// Makes this link the way to the internet.
    pub fn internet(mut self) -> Link {
        self.default_route = true;
        self
    }
}

/// The name that the router goes by in probes and in what is seen.
pub const ROUTER: &str = "router";

/// The address of every segment that the router finds by neighbour discovery.
const SEGMENT_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);

/// The port of a segment to which its own rules lead all tcp and udp traffic.
const CATCH_ALL: u16 = 1;
const CATCH_RULES: &str = "table inet rig {
    chain catch {
        type filter hook prerouting priority mangle; policy accept;
        meta l4proto tcp tproxy to :1 accept
        meta l4proto udp tproxy to :1 accept
    }
}
";

/// A namespace: the router's, or a segment's.
struct Space {
    name: String,
    net: OwnedFd,
    /// Sockets that send packets made by hand, one for each family.
    raw: [OwnedFd; 2],
    /// Sends packets without asking for a route.
    frames: OwnedFd,
}

pub struct Rig {
    home: Arc<OwnedFd>,
    /// The router's namespace, then one for each link in the world's order.
    spaces: Vec<Space>,
    /// The hosts by name: their namespace and addresses.
    hosts: HashMap<String, (usize, Vec<IpAddr>)>,
    owners: HashMap<(usize, IpAddr), String>,
    router_addresses: HashSet<IpAddr>,
    engine: probe::Engine,
    /// Sockets that keep the router in multicast groups.
    memberships: Vec<OwnedFd>,
}

/// Keeps the thread in another namespace, and brings it home when dropped.
struct Inside(Arc<OwnedFd>);

impl Drop for Inside {
    fn drop(&mut self) {
        sys::enter_net(self.0.as_fd()).expect("the thread returns to its own namespace");
    }
}

impl Rig {
    /// Whether this machine can do it: the rights to make network namespaces, and the programs `ip` and `nft`.
    pub fn available() -> Result<(), String> {
        let home = this_net().map_err(|e| format!("no network namespaces: {e}"))?;
        sys::unshare_net().map_err(|e| format!("a network namespace needs root (or `unshare -rn`): {e}"))?;
        let _inside = Inside(home.into());
        run("ip", &["link"], "").map_err(|e| format!("iproute2 is needed: {e}"))?;
        run(&nft(), &["list", "tables"], "").map_err(|e| format!("nftables is needed: {e}"))?;
        Ok(())
    }

    pub fn new(world: &World) -> Result<Rig, String> {
        Rig::build(world).map_err(|e| format!("the rig cannot be set up: {e}"))
    }

    fn build(world: &World) -> io::Result<Rig> {
        sys::raise_fd_limit();
        let home = Arc::new(this_net()?);
        let names = std::iter::once(ROUTER).chain(world.links.iter().map(|link| link.name.as_str()));
        let spaces = names.map(|name| Space::new(name, &home)).collect::<io::Result<Vec<Space>>>()?;
        let mut rig = Rig {
            home,
            spaces,
            hosts: HashMap::from([(ROUTER.into(), (0, vec![]))]),
            owners: HashMap::new(),
            router_addresses: world.links.iter().flat_map(|link| &link.router_addresses).map(IpNet::addr).collect(),
            engine: probe::Engine::new()?,
            memberships: vec![],
        };
        for (space, link) in (1..).zip(&world.links) {
            for host in &link.hosts {
                if rig.hosts.insert(host.name.clone(), (space, host.addresses.clone())).is_some() {
                    return Err(io::Error::other(format!("two hosts are named {}", host.name)));
                }
                rig.owners.extend(host.addresses.iter().map(|&address| ((space, address), host.name.clone())));
            }
        }

        {
            let _inside = rig.inside(0)?;
            let mut batch = String::from("link set lo up\n");
            for (link, space) in world.links.iter().zip(&rig.spaces[1..]) {
                let peer = format!("/proc/{}/fd/{}", std::process::id(), space.net.as_raw_fd());
                let _ = writeln!(batch, "link add dev {} type veth peer name eth0 netns {peer}", link.name);
                let _ = writeln!(batch, "link set dev {} up", link.name);
            }
            run("ip", &["-batch", "-"], &batch)?;
        }
        for (space, link) in (1..).zip(&world.links) {
            let _inside = rig.inside(space)?;
            sysctl(&[("net/ipv4/conf/all/accept_local", "1"), ("net/ipv4/conf/default/accept_local", "1")]);
            run("ip", &["-batch", "-"], &link.segment_batch())?;
            run("ip", &["-6", "-batch", "-"], RULES)?;
            run(&nft(), &["-f", "-"], CATCH_RULES)?;
        }
        {
            let _inside = rig.inside(0)?;
            sysctl(&[("net/ipv4/ip_forward", "1"), ("net/ipv6/conf/all/forwarding", "1")]);
            let batch: String = world.links.iter().map(Link::router_batch).collect();
            run("ip", &["-batch", "-"], &batch)?;
            wait_for_carriers(&world.links)?;
        }
        rig.listen_in_segments()?;
        rig.settle(world)?;
        Ok(rig)
    }

    /// Waits until every segment answers the router. The kernel joins the multicast groups of neighbour discovery some
    /// time after it has taken an address.
    fn settle(&mut self, world: &World) -> io::Result<()> {
        let nets = world.links.iter().flat_map(|link| link.router_addresses.iter().map(move |net| link.beyond(net)));
        let mut probes: Vec<Probe> = nets.flatten().map(|address| Probe::icmp(ROUTER, address)).collect();
        let mut failed = String::new();
        for wait in [20, 50, 100, 200, 500, 1000, 1000] {
            let seen = self.probe(&probes, Duration::from_millis(wait));
            // Otherwise the kernel would wait for a second before it asks for a neighbour again.
            self.forget_neighbours()?;
            let mut seen = seen.iter();
            probes.retain(|probe| {
                let seen = seen.next().expect("one for each probe");
                if !seen.is_open() {
                    failed = format!("{}: {seen:?}", probe.dst);
                }
                !seen.is_open()
            });
            if probes.is_empty() {
                return Ok(());
            }
        }
        Err(io::Error::other(failed))
    }

    /// Loads an nftables file into the router; if `nft` refuses it, says why. Flows and neighbours stay known.
    pub fn load(&mut self, rules: &str) -> Result<(), String> {
        self.router_run(&nft(), &["-f", "-"], rules).map(drop)
    }

    /// Runs a program inside the router's namespace, and returns what it prints.
    pub fn router_run(&self, program: &str, args: &[&str], input: &str) -> Result<String, String> {
        let _inside = self.inside(0).map_err(|e| e.to_string())?;
        run(program, args, input).map_err(|e| e.to_string())
    }

    /// Makes the router a member of a multicast group on all of its interfaces.
    pub fn join(&mut self, group: IpAddr) -> io::Result<()> {
        let _inside = self.inside(0)?;
        let domain = if group.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
        let fd = sys::socket(domain, libc::SOCK_DGRAM, 0)?;
        for space in &self.spaces[1..] {
            sys::join_group(&fd, &CString::new(space.name.as_str())?, group)?;
        }
        self.memberships.push(fd);
        Ok(())
    }

    /// Makes the router forget all connections that it tracks.
    pub fn forget_flows(&mut self) -> io::Result<()> {
        let _inside = self.inside(0)?;
        probe::flush_conntrack()
    }

    /// Makes the router and the segments forget which neighbours they have found.
    pub fn forget_neighbours(&mut self) -> io::Result<()> {
        for space in 0..self.spaces.len() {
            let _inside = self.inside(space)?;
            run("ip", &["neigh", "flush", "all"], "")?;
        }
        Ok(())
    }

    fn inside(&self, space: usize) -> io::Result<Inside> {
        sys::enter_net(self.spaces[space].net.as_fd())?;
        Ok(Inside(self.home.clone()))
    }

    /// Who has the address in the namespace.
    fn owner(&self, space: usize, address: IpAddr) -> String {
        self.owners.get(&(space, address)).unwrap_or(&self.spaces[space].name).clone()
    }
}

impl Space {
    fn new(name: &str, home: &Arc<OwnedFd>) -> io::Result<Space> {
        sys::unshare_net()?;
        let _inside = Inside(home.clone());
        sysctl(COMMON);
        let raw = |domain| sys::socket(domain, libc::SOCK_RAW, libc::IPPROTO_RAW);
        let frames = sys::socket(libc::AF_PACKET, libc::SOCK_DGRAM, 0)?;
        Ok(Space { name: name.into(), net: this_net()?, raw: [raw(libc::AF_INET)?, raw(libc::AF_INET6)?], frames })
    }
}

/// What every namespace needs so that nothing but rules decides about a packet, and so that nothing has to be waited for.
const COMMON: &[(&str, &str)] = &[
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
    ("net/ipv4/conf/all/accept_redirects", "0"),
    ("net/ipv4/conf/default/accept_redirects", "0"),
    ("net/ipv6/conf/all/accept_redirects", "0"),
    ("net/ipv6/conf/default/accept_redirects", "0"),
    ("net/ipv4/icmp_ratelimit", "0"),
    ("net/ipv4/icmp_ratemask", "0"),
    ("net/ipv4/icmp_msgs_per_sec", "1000000"),
    ("net/ipv4/icmp_msgs_burst", "1000000"),
    ("net/ipv6/icmp/ratelimit", "0"),
    ("net/ipv6/conf/all/accept_dad", "0"),
    ("net/ipv6/conf/default/accept_dad", "0"),
    ("net/ipv6/conf/default/dad_transmits", "0"),
    ("net/ipv6/conf/default/router_solicitations", "0"),
    ("net/ipv6/conf/default/accept_ra", "0"),
    // The first is all that a user namespace with one group allows.
    ("net/ipv4/ping_group_range", "0\t0"),
    ("net/ipv4/ping_group_range", "0\t2147483647"),
    ("net/core/somaxconn", "4096"),
    ("net/ipv4/tcp_max_syn_backlog", "4096"),
];

/// In a segment, what it sends looks at the table of its own routes first; what comes in finds that every address is local.
const RULES: &str = "rule add pref 100 iif lo lookup main\nrule add pref 200 lookup local\nrule del pref 0\n";

impl Link {
    /// An address of the router's network on this link that is not the router's, if there is one.
    fn neighbour(&self, net: &IpNet) -> Option<IpAddr> {
        let free = |address: &IpAddr| self.router_addresses.iter().all(|router| router.addr() != *address);
        let of_a_host = self.hosts.iter().flat_map(|host| &host.addresses).find(|address| net.contains(*address));
        of_a_host.copied().or_else(|| net.hosts().take(8).find(free))
    }

    /// An address that the router reaches with this address of its own.
    fn beyond(&self, net: &IpNet) -> Option<IpAddr> {
        let example: IpAddr = match net {
            IpNet::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
            IpNet::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
        };
        self.neighbour(net).or(self.default_route.then_some(example))
    }

    /// The address that the router sends through.
    fn next_hop(&self, net: &IpNet) -> IpAddr {
        match net {
            IpNet::V4(_) => self.neighbour(net).unwrap_or(Ipv4Addr::new(169, 254, 255, 254).into()),
            IpNet::V6(_) => SEGMENT_V6.into(),
        }
    }

    fn segment_batch(&self) -> String {
        let mut batch = String::from(RULES);
        batch += "link set lo up\nlink set eth0 up\n";
        let _ = writeln!(batch, "addr add {SEGMENT_V6}/64 dev eth0 nodad");
        let mut routed = [false; 2];
        for net in &self.router_addresses {
            let (router, v6) = (net.addr(), net.addr().is_ipv6());
            if !v6 {
                let _ = writeln!(batch, "addr replace {}/32 dev eth0", self.next_hop(net));
            }
            let host = net.max_prefix_len();
            if net.prefix_len() < host {
                let _ = writeln!(batch, "route add local {} dev lo table main", net.trunc());
            }
            let _ = writeln!(batch, "route add {router}/{host} dev eth0");
            if !std::mem::replace(&mut routed[usize::from(v6)], true) {
                let default = if v6 { "::/0" } else { "0.0.0.0/0" };
                let _ = writeln!(batch, "route add {default} via {router} dev eth0 onlink");
            }
        }
        // Every link has link-local addresses: hosts may try IPv6 where the router has no other address.
        if !routed[1] {
            batch += "route add ::/0 via fe80::1 dev eth0 onlink\n";
        }
        // Last, as the kernel takes no local address for a gateway.
        batch += "route add local 0.0.0.0/0 dev lo\nroute add local ::/0 dev lo\n";
        batch
    }

    fn router_batch(&self) -> String {
        let name = &self.name;
        let mut batch = format!("addr add fe80::1/64 dev {name} nodad\n");
        let mut routed = [false; 2];
        for net in &self.router_addresses {
            let v6 = net.addr().is_ipv6();
            let nodad = if v6 { "nodad" } else { "" };
            let _ = writeln!(batch, "addr add {net} dev {name} noprefixroute {nodad}");
            let via = self.next_hop(net);
            let mut networks = if net.prefix_len() < net.max_prefix_len() { vec![net.trunc()] } else { vec![] };
            if !std::mem::replace(&mut routed[usize::from(v6)], true) {
                networks.extend(self.routes.iter().filter(|route| route.addr().is_ipv6() == v6));
                if self.default_route {
                    let default = if v6 { "::/0" } else { "0.0.0.0/0" };
                    networks.push(default.parse().expect("a network"));
                }
            }
            for network in networks {
                let _ = writeln!(batch, "route add {network} via {via} dev {name} onlink src {}", net.addr());
            }
        }
        batch
    }
}

/// Waits until the router's interfaces, which were up before their peers, can send. The kernel gets round to that later,
/// and what they send before is lost: a lost answer to a neighbour solicitation costs a second.
fn wait_for_carriers(links: &[Link]) -> io::Result<()> {
    let batch: String = links.iter().map(|link| format!("link show dev {}\n", link.name)).collect();
    for _ in 0..500 {
        let listing = run("ip", &["-o", "-batch", "-"], &batch)?;
        if listing.matches(" state UP ").count() == links.len() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(io::Error::other("the interfaces do not come up"))
}

fn this_net() -> io::Result<OwnedFd> {
    Ok(File::open("/proc/thread-self/ns/net")?.into())
}

/// The `nft` to use: `NFT` names another than the first in the path.
pub fn nft() -> String {
    std::env::var("NFT").unwrap_or_else(|_| "nft".into())
}

/// Writes kernel settings of the thread's namespace. One that this kernel lacks is not needed there.
fn sysctl(settings: &[(&str, &str)]) {
    for (name, value) in settings {
        let _ = std::fs::write(format!("/proc/sys/{name}"), value);
    }
}

fn run(program: &str, args: &[&str], input: &str) -> io::Result<String> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| io::Error::new(e.kind(), format!("{program}: {e}")))?;
    // A program that fails early may not read all; what it says then counts more than the broken pipe.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}

//! Sending probes and seeing what becomes of them: sockets in all namespaces, one thread, one event loop.

#![expect(clippy::cast_possible_truncation, reason = "lengths and numbers of packets are small")]

use std::collections::{HashMap, HashSet};
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use super::packet::{self, TCP};
use super::sys::{self, Epoll, IcmpError};
use super::{CATCH_ALL, Rig};

/// What a probe sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A connection, until the other side has said something.
    Tcp,
    /// A datagram and its answer.
    Udp,
    /// An echo request and its reply.
    Icmp,
    /// One TCP segment with these flags. Only its arrival is seen.
    Segment(u8),
    /// One ICMP message of this type and code. Only its arrival is seen.
    IcmpMessage(u8, u8),
    /// One packet of this IP protocol, with a body that means nothing. Only its arrival is seen.
    Protocol(u8),
}

#[derive(Clone, Debug)]
pub struct Probe {
    /// The name of a host, or [`super::ROUTER`].
    pub from: String,
    /// The address that it comes from, if not the host's own. Any address will do.
    pub src: Option<IpAddr>,
    pub dst: IpAddr,
    pub kind: Kind,
    pub port: u16,
    /// The source port. Without it each probe has one that no recent probe had; with it, equal probes are one flow.
    pub sport: Option<u16>,
    /// Sends one packet and only looks whether it arrives: for sources to which no answer finds its way.
    pub one_way: bool,
}

impl Probe {
    pub fn new(from: &str, dst: IpAddr, kind: Kind, port: u16) -> Probe {
        let one_way = !matches!(kind, Kind::Tcp | Kind::Udp | Kind::Icmp);
        Probe { from: from.into(), src: None, dst, kind, port, sport: None, one_way }
    }

    pub fn tcp(from: &str, dst: IpAddr, port: u16) -> Probe {
        Probe::new(from, dst, Kind::Tcp, port)
    }

    pub fn udp(from: &str, dst: IpAddr, port: u16) -> Probe {
        Probe::new(from, dst, Kind::Udp, port)
    }

    pub fn icmp(from: &str, dst: IpAddr) -> Probe {
        Probe::new(from, dst, Kind::Icmp, 0)
    }

    pub fn protocol(from: &str, dst: IpAddr, protocol: u8) -> Probe {
        Probe::new(from, dst, Kind::Protocol(protocol), 0)
    }

    /// Sends from this address and expects an answer there.
    pub fn source(mut self, src: IpAddr) -> Probe {
        self.src = Some(src);
        self
    }

    pub fn source_port(mut self, port: u16) -> Probe {
        self.sport = Some(port);
        self
    }

    /// Sends one packet from this address, whoever owns it.
    pub fn spoofed(mut self, src: IpAddr) -> Probe {
        self.src = Some(src);
        self.one_way = true;
        self
    }
}

/// How a probe reached someone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The host that has the destination address, [`super::ROUTER`], or the link's name.
    pub at: String,
    /// The source as it was seen there, after any translation. Ports are 0 where the protocol has none.
    pub from: SocketAddr,
    /// The destination as it was seen there.
    pub to: SocketAddr,
}

/// What became of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It arrived, and the answer came back.
    Open(Arrival),
    /// It arrived, and no answer came back or was looked for.
    Arrived(Arrival),
    /// The TCP handshake was completed, but nothing followed.
    Stalled,
    /// The answer was a TCP reset.
    Reset,
    /// The answer was an ICMP error of this type and code.
    Unreachable { kind: u8, code: u8, by: Option<IpAddr> },
    /// Nothing came, neither here nor there. Also: the router's own rules kept it from being sent.
    Silent,
    /// The probe could not be sent at all.
    Failed(String),
}

impl Seen {
    pub fn is_open(&self) -> bool {
        matches!(self, Seen::Open(_))
    }

    /// The arrival, whether or not it was answered.
    pub fn arrival(&self) -> Option<&Arrival> {
        match self {
            Seen::Open(arrival) | Seen::Arrived(arrival) => Some(arrival),
            _ => None,
        }
    }
}

/// An open TCP connection through the router.
pub struct Flow {
    client: TcpStream,
    server: TcpStream,
    pub arrival: Arrival,
}

impl Flow {
    /// Whether data still goes through in both directions.
    pub fn still_works(&mut self) -> bool {
        let pass = |from: &mut TcpStream, to: &mut TcpStream| -> io::Result<()> {
            from.set_nonblocking(false)?;
            to.set_nonblocking(false)?;
            to.set_read_timeout(Some(Duration::from_millis(300)))?;
            from.write_all(b"?")?;
            to.read_exact(&mut [0])
        };
        pass(&mut self.client, &mut self.server).and_then(|()| pass(&mut self.server, &mut self.client)).is_ok()
    }
}

/// Probes under way at the same time.
const AT_ONCE: usize = 1500;
/// How long one wait for events takes. Silence is a number of such waits in a row, not a time on the clock, so that a
/// machine that gave this thread no time does not look silent.
const TICK: Duration = Duration::from_millis(10);
/// Tokens of listeners have this bit; other tokens are indexes of probes.
const LISTENER: u64 = 1 << 32;
const BUFFER: i32 = 8 << 20;

struct Listener {
    space: usize,
    role: Role,
}

enum Role {
    Tcp(TcpListener),
    Udp(OwnedFd),
    /// Sees all packets of a protocol that the namespace takes in.
    Raw {
        fd: OwnedFd,
        protocol: u8,
        v6: bool,
    },
}

/// What lasts from one call of `Rig::probe` to the next.
pub struct Engine {
    epoll: Epoll,
    listeners: Vec<Listener>,
    /// The ports of the router itself that have listeners.
    router_ports: HashSet<(Kind, u16)>,
    next_port: u16,
    /// Every probe and every accepted connection has a number of its own.
    next_number: u32,
}

impl Engine {
    pub fn new() -> io::Result<Engine> {
        Ok(Engine {
            epoll: Epoll::new()?,
            listeners: vec![],
            router_ports: HashSet::new(),
            next_port: 0,
            next_number: 1,
        })
    }

    fn numbers(&mut self, count: u32) -> u32 {
        let first = self.next_number;
        self.next_number = first.wrapping_add(count);
        first
    }

    fn port(&mut self) -> u16 {
        self.next_port = (self.next_port + 1) % 50_000;
        10_000 + self.next_port
    }

    fn watch(&mut self, space: usize, role: Role) -> io::Result<()> {
        let token = LISTENER | self.listeners.len() as u64;
        match &role {
            Role::Tcp(socket) => self.epoll.add(socket, sys::EPOLLIN, token)?,
            Role::Udp(fd) | Role::Raw { fd, .. } => self.epoll.add(fd, sys::EPOLLIN, token)?,
        }
        self.listeners.push(Listener { space, role });
        Ok(())
    }
}

/// The probes under way, and what is known of them.
struct Batch<'a> {
    probes: &'a [Probe],
    /// The number of the first probe; the others follow.
    first: u32,
    sockets: Vec<Option<OwnedFd>>,
    /// Outcomes other than an answer.
    results: Vec<Option<Seen>>,
    /// Under which number to find the arrival that was answered.
    answers: Vec<Option<u32>>,
    arrivals: HashMap<u32, Arrival>,
    waiting: usize,
    /// Keeps both ends of the connections that are made.
    hold: bool,
    accepted: HashMap<u32, TcpStream>,
}

impl<'a> Batch<'a> {
    fn new(probes: &'a [Probe], first: u32, hold: bool) -> Batch<'a> {
        let n = probes.len();
        Batch {
            probes,
            first,
            sockets: (0..n).map(|_| None).collect(),
            results: vec![None; n],
            answers: vec![None; n],
            arrivals: HashMap::new(),
            waiting: n,
            hold,
            accepted: HashMap::new(),
        }
    }

    fn index(&self, number: u32) -> Option<usize> {
        let index = number.wrapping_sub(self.first) as usize;
        (index < self.probes.len()).then_some(index)
    }

    fn arrived(&mut self, number: u32, arrival: Arrival) {
        let Some(index) = self.index(number) else { return };
        if self.arrivals.insert(number, arrival).is_none() && self.probes[index].one_way {
            self.waiting -= 1;
        }
    }

    fn answered(&mut self, index: usize, number: u32) {
        self.answers[index] = Some(number);
        self.close(index);
    }

    fn ended(&mut self, index: usize, seen: Seen) {
        self.results[index] = Some(seen);
        self.close(index);
        // A socket that failed is of no use, and its events would never end.
        self.sockets[index] = None;
    }

    fn close(&mut self, index: usize) {
        self.waiting -= 1;
        if !self.hold {
            self.sockets[index] = None;
        }
    }

    fn seen(&mut self, index: usize) -> Seen {
        if let Some(seen) = self.results[index].take() {
            return seen;
        }
        if let Some(answer) = self.answers[index] {
            let arrival = self.arrivals.remove(&answer);
            return arrival.map_or(Seen::Failed("an answer from nowhere".into()), Seen::Open);
        }
        if let Some(arrival) = self.arrivals.remove(&self.first.wrapping_add(index as u32)) {
            return Seen::Arrived(arrival);
        }
        if self.probes[index].kind == Kind::Tcp {
            let socket = self.sockets[index].take().map(TcpStream::from);
            if socket.is_some_and(|socket| socket.peer_addr().is_ok()) {
                return Seen::Stalled;
            }
        }
        Seen::Silent
    }
}

impl Rig {
    /// Sends the probes, about all at once, and says what became of each. Those without an answer are given up when
    /// nothing at all has happened for `timeout`.
    pub fn probe(&mut self, probes: &[Probe], timeout: Duration) -> Vec<Seen> {
        probes.chunks(AT_ONCE).flat_map(|chunk| self.probe_chunk(chunk, timeout)).collect()
    }

    /// One probe, with a timeout that is enough on an idle machine.
    pub fn probe_one(&mut self, probe: Probe) -> Seen {
        self.probe(&[probe], Duration::from_millis(150)).remove(0)
    }

    /// Opens a TCP connection and keeps it.
    pub fn open_tcp(&mut self, from: &str, dst: IpAddr, port: u16) -> Result<Flow, Seen> {
        let probes = [Probe::tcp(from, dst, port)];
        let failed = |e: io::Error| Seen::Failed(e.to_string());
        self.listen_in_router(&probes).map_err(failed)?;
        let mut batch = Batch::new(&probes, self.engine.numbers(1), true);
        self.exchange(&mut batch, Duration::from_millis(300)).map_err(failed)?;
        let server = batch.answers[0].and_then(|number| batch.accepted.remove(&number));
        let client = batch.sockets[0].take();
        match (batch.seen(0), client, server) {
            (Seen::Open(arrival), Some(client), Some(server)) => Ok(Flow { client: client.into(), server, arrival }),
            (seen, ..) => Err(seen),
        }
    }

    /// Listens on a port of the router itself. Probes to its addresses do that by themselves; rules that redirect need it.
    pub fn listen(&mut self, kind: Kind, port: u16) -> io::Result<()> {
        if !self.engine.router_ports.insert((kind, port)) {
            return Ok(());
        }
        let sockets = {
            let _inside = self.inside(0)?;
            [IpAddr::from(Ipv4Addr::UNSPECIFIED), Ipv6Addr::UNSPECIFIED.into()]
                .map(|any| if kind == Kind::Tcp { tcp_listener(any, port) } else { udp_listener(any, port) })
        };
        sockets.into_iter().try_for_each(|role| self.engine.watch(0, role?))
    }

    fn listen_in_router(&mut self, probes: &[Probe]) -> io::Result<()> {
        for probe in probes.iter().filter(|probe| matches!(probe.kind, Kind::Tcp | Kind::Udp)) {
            if self.router_addresses.contains(&probe.dst) {
                self.listen(probe.kind, probe.port)?;
            }
        }
        Ok(())
    }

    pub(super) fn listen_in_segments(&mut self) -> io::Result<()> {
        for space in 0..self.spaces.len() {
            let mut roles = Vec::new();
            {
                let _inside = self.inside(space)?;
                for any in [IpAddr::from(Ipv4Addr::UNSPECIFIED), Ipv6Addr::UNSPECIFIED.into()] {
                    roles.push(raw_listener(any, packet::icmp(any))?);
                    if space > 0 {
                        roles.push(tcp_listener(any, CATCH_ALL)?);
                        roles.push(udp_listener(any, CATCH_ALL)?);
                    }
                }
            }
            roles.into_iter().try_for_each(|role| self.engine.watch(space, role))?;
        }
        Ok(())
    }

    /// Opens raw sockets everywhere for the protocols whose arrival nothing else would see.
    fn listen_for_packets(&mut self, probes: &[Probe]) -> io::Result<()> {
        let protocols: HashSet<(u8, bool)> = probes
            .iter()
            .filter(|probe| probe.one_way)
            .filter_map(|probe| match probe.kind {
                Kind::Tcp | Kind::Segment(_) => Some((TCP, probe.dst.is_ipv6())),
                Kind::Protocol(protocol) => Some((protocol, probe.dst.is_ipv6())),
                _ => None,
            })
            .collect();
        for space in 0..self.spaces.len() {
            for &(protocol, v6) in &protocols {
                let any = if v6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
                let role = {
                    let _inside = self.inside(space)?;
                    raw_listener(any, protocol)?
                };
                self.engine.watch(space, role)?;
            }
        }
        Ok(())
    }

    fn probe_chunk(&mut self, probes: &[Probe], timeout: Duration) -> Vec<Seen> {
        let ready = self.listen_in_router(probes);
        let lasting = self.engine.listeners.len();
        let first = self.engine.numbers(probes.len() as u32);
        let mut batch = Batch::new(probes, first, false);
        let done =
            ready.and_then(|()| self.listen_for_packets(probes)).and_then(|()| self.exchange(&mut batch, timeout));
        self.engine.listeners.truncate(lasting);
        match done {
            Ok(()) => (0..probes.len()).map(|index| batch.seen(index)).collect(),
            Err(e) => vec![Seen::Failed(e.to_string()); probes.len()],
        }
    }

    fn exchange(&mut self, batch: &mut Batch, timeout: Duration) -> io::Result<()> {
        let space_of = |probe: &Probe| self.hosts.get(&probe.from).map(|host| host.0);
        let mut order: Vec<(Option<usize>, usize)> = batch.probes.iter().map(space_of).zip(0..).collect();
        order.sort_unstable();
        for turn in order.chunks(64) {
            for same in turn.chunk_by(|a, b| a.0 == b.0) {
                let Some(space) = same[0].0 else {
                    for &(_, index) in same {
                        batch.ended(index, Seen::Failed("no such host".into()));
                    }
                    continue;
                };
                let _inside = self.inside(space)?;
                for &(_, index) in same {
                    self.send(batch, space, index);
                }
            }
            self.pump(batch, Duration::ZERO);
        }
        let mut quiet = Duration::ZERO;
        while batch.waiting > 0 && quiet < timeout {
            quiet = if self.pump(batch, TICK) { Duration::ZERO } else { quiet + TICK };
        }
        // Sightings that lie behind the answers.
        while self.pump(batch, Duration::ZERO) {}
        Ok(())
    }

    fn send(&mut self, batch: &mut Batch, space: usize, index: usize) {
        let probe = &batch.probes[index];
        let number = batch.first.wrapping_add(index as u32);
        let own = self.hosts[&probe.from].1.iter().find(|own| own.is_ipv4() == probe.dst.is_ipv4()).copied();
        let src = probe.src.or(own);
        if probe.one_way {
            if let Err(text) = self.send_packet(probe, space, src, number) {
                batch.ended(index, text.map_or(Seen::Silent, Seen::Failed));
            }
            return;
        }
        if src.is_none() && space > 0 {
            return batch.ended(index, Seen::Failed("the host has no address of this family".into()));
        }
        let mut socket = None;
        let sent = self.send_socket(probe, src.unwrap_or(packet::any(probe.dst)), number, &mut socket);
        let sent = sent.and_then(|()| {
            let events = sys::EPOLLIN | sys::EPOLLERR | sys::EPOLLHUP | sys::EPOLLRDHUP;
            self.engine.epoll.add(socket.as_ref().expect("sent through it"), events, index as u64)
        });
        match sent {
            Ok(()) => batch.sockets[index] = socket,
            Err(e) => {
                let seen =
                    socket.map_or_else(|| Seen::Failed(e.to_string()), |socket| failure(&socket, probe.kind, &e));
                batch.ended(index, seen);
            }
        }
    }

    /// Sends the probe through a socket of its own, from the thread's namespace.
    fn send_socket(&mut self, probe: &Probe, src: IpAddr, number: u32, slot: &mut Option<OwnedFd>) -> io::Result<()> {
        let domain = domain(probe.dst);
        let (kind, protocol) = match probe.kind {
            Kind::Tcp => (libc::SOCK_STREAM, 0),
            Kind::Udp => (libc::SOCK_DGRAM, 0),
            _ => (libc::SOCK_DGRAM, i32::from(packet::icmp(probe.dst))),
        };
        let fd = slot.insert(sys::socket(domain, kind, protocol)?);
        transparent(fd, probe.dst)?;
        let (level, name) = if domain == libc::AF_INET {
            (libc::SOL_IP, libc::IP_RECVERR)
        } else {
            (libc::SOL_IPV6, libc::IPV6_RECVERR)
        };
        sys::set(fd, level, name, 1)?;
        if probe.kind == Kind::Icmp {
            sys::bind(fd, SocketAddr::new(src, 0))?;
            sys::connect(fd, SocketAddr::new(probe.dst, 0))?;
            let mut message = vec![packet::echo_request(probe.dst), 0, 0, 0, 0, 0, 0, 1];
            message.extend(packet::payload(false, number));
            return sys::send(fd, &message).map(drop);
        }
        sys::set(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
        if probe.kind == Kind::Tcp {
            // A rule may ask for a source port on which the sender's own namespace listens.
            sys::set(fd, libc::SOL_SOCKET, libc::SO_REUSEPORT, 1)?;
            // Closing sends a reset, so that nothing of the connection stays behind.
            let linger = [1i32, 0].map(i32::to_ne_bytes).concat();
            sys::set_bytes(fd, libc::SOL_SOCKET, libc::SO_LINGER, &linger)?;
        }
        self.bind_source(fd, src, probe.sport)?;
        sys::connect(fd, SocketAddr::new(probe.dst, probe.port))?;
        if probe.kind == Kind::Udp {
            sys::send(fd, &packet::payload(false, number))?;
        }
        Ok(())
    }

    fn bind_source(&mut self, fd: &OwnedFd, src: IpAddr, port: Option<u16>) -> io::Result<()> {
        if let Some(port) = port {
            return sys::bind(fd, SocketAddr::new(src, port));
        }
        for _ in 0..100 {
            match sys::bind(fd, SocketAddr::new(src, self.engine.port())) {
                Err(e) if e.kind() == io::ErrorKind::AddrInUse => {}
                bound => return bound,
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    /// Sends one packet made by hand. The error is what failed; nothing if the router's own rules kept it back.
    fn send_packet(
        &mut self,
        probe: &Probe,
        space: usize,
        src: Option<IpAddr>,
        number: u32,
    ) -> Result<(), Option<String>> {
        let src = src.ok_or(Some("a packet from the router needs a source".to_string()))?;
        if src.is_ipv4() != probe.dst.is_ipv4() {
            return Err(Some("source and destination are of different families".into()));
        }
        let from = SocketAddr::new(src, probe.sport.unwrap_or_else(|| self.engine.port()));
        let to = SocketAddr::new(probe.dst, probe.port);
        let packet = match probe.kind {
            Kind::Tcp => packet::tcp(from, to, number, packet::SYN),
            Kind::Segment(flags) => packet::tcp(from, to, number, flags),
            Kind::Udp => packet::udp(from, to, &packet::payload(false, number)),
            Kind::Icmp => packet::icmp_message(src, probe.dst, packet::echo_request(src), 0, number),
            Kind::IcmpMessage(kind, code) => packet::icmp_message(src, probe.dst, kind, code, number),
            Kind::Protocol(protocol) => packet::other(src, probe.dst, protocol, number),
        };
        let raw = &self.spaces[space].raw[usize::from(src.is_ipv6())];
        let sent = match to_all(probe.dst) {
            // No route leads there, and the kernel would fill in a source that is missing.
            Some(hardware) if space > 0 => sys::send_frame(&self.spaces[space].frames, &packet, c"eth0", hardware),
            _ => sys::send_to(raw, &packet, SocketAddr::new(probe.dst, 0)),
        };
        match sent {
            Ok(_) => Ok(()),
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Err(None),
            Err(e) => Err(Some(e.to_string())),
        }
    }

    /// Handles what has happened; whether anything has.
    fn pump(&mut self, batch: &mut Batch, wait: Duration) -> bool {
        let events = self.engine.epoll.wait(wait);
        for &(token, events) in &events {
            if token & LISTENER == 0 {
                answer(batch, token as usize, events);
            } else {
                self.arrive(batch, (token ^ LISTENER) as usize);
            }
        }
        !events.is_empty()
    }

    /// Takes what came to a listener.
    fn arrive(&mut self, batch: &mut Batch, listener: usize) {
        let mut buffer = [0u8; 2048];
        loop {
            let Listener { space, role } = &self.engine.listeners[listener];
            let space = *space;
            let arrival = |from, to: SocketAddr| Arrival { at: self.owner(space, to.ip()), from, to };
            match role {
                Role::Tcp(socket) => {
                    let Ok((mut stream, from)) = socket.accept() else { return };
                    let Ok(to) = stream.local_addr() else { continue };
                    let arrival = arrival(from, to);
                    let number = self.engine.numbers(1);
                    batch.arrivals.insert(number, arrival);
                    let _ = stream.write_all(&number.to_be_bytes());
                    if batch.hold {
                        batch.accepted.insert(number, stream);
                    }
                }
                Role::Udp(fd) => {
                    let Ok(message) = sys::recv_message(fd, &mut buffer, 0) else { return };
                    let (Some(from), Some(to)) = (message.from, message.to()) else { continue };
                    if let Some((false, number)) = packet::find_payload(&buffer[..message.len]) {
                        // Nobody answers from the address of a group.
                        if to_all(to.ip()).is_none() {
                            let reply = packet::udp(to, from, &packet::payload(true, number));
                            let raw = &self.spaces[space].raw[usize::from(to.is_ipv6())];
                            let _ = sys::send_to(raw, &reply, SocketAddr::new(from.ip(), 0));
                        }
                        batch.arrived(number, arrival(from, to));
                    }
                }
                Role::Raw { fd, protocol, v6 } => {
                    let Ok(message) = sys::recv_message(fd, &mut buffer, 0) else { return };
                    let bytes = &buffer[..message.len];
                    let parts = if *v6 {
                        message.from.zip(message.to()).map(|(from, to)| (from.ip(), to.ip(), bytes))
                    } else {
                        packet::open_v4(bytes)
                    };
                    let Some((from, to, body)) = parts else { continue };
                    if let Some((number, ports)) = recognize(batch, *protocol, body) {
                        batch.arrived(number, arrival(SocketAddr::new(from, ports.0), SocketAddr::new(to, ports.1)));
                    }
                }
            }
        }
    }
}

/// Which probe a packet is, if it is one of those under way, and its ports.
fn recognize(batch: &Batch, protocol: u8, body: &[u8]) -> Option<(u32, (u16, u16))> {
    if protocol == TCP {
        let (from, to, number, flags) = packet::open_tcp(body)?;
        let probe = &batch.probes[batch.index(number)?];
        let ours = match probe.kind {
            Kind::Tcp => probe.one_way && flags == packet::SYN,
            Kind::Segment(own) => flags == own,
            _ => false,
        };
        return ours.then_some((number, (from, to)));
    }
    let (false, number) = packet::find_payload(body)? else { return None };
    let probe = &batch.probes[batch.index(number)?];
    // Replies and errors carry the mark as well; the protocol and the ICMP type tell them from the probe itself.
    let ours = match probe.kind {
        Kind::Icmp => protocol == packet::icmp(probe.dst) && body[0] == packet::echo_request(probe.dst),
        Kind::IcmpMessage(kind, _) => protocol == packet::icmp(probe.dst) && body[0] == kind,
        Kind::Protocol(own) => protocol == own,
        _ => false,
    };
    ours.then_some((number, (0, 0)))
}

/// Takes what came back to a probe.
fn answer(batch: &mut Batch, index: usize, events: i32) {
    let kind = batch.probes[index].kind;
    let done = batch.results[index].is_some() || batch.answers[index].is_some();
    let Some(socket) = batch.sockets[index].as_ref().filter(|_| !done) else { return };
    if events & sys::EPOLLERR != 0
        && let Some(IcmpError { kind, code, by }) = sys::take_icmp_error(socket)
    {
        return batch.ended(index, Seen::Unreachable { kind, code, by });
    }
    let mut buffer = [0u8; 256];
    match sys::recv(socket, &mut buffer) {
        Ok(len) if kind == Kind::Tcp => match buffer[..len].try_into() {
            Ok(number) => batch.answered(index, u32::from_be_bytes(number)),
            Err(_) => batch.ended(index, Seen::Stalled),
        },
        Ok(len) => {
            let own = batch.first.wrapping_add(index as u32);
            if packet::find_payload(&buffer[..len]) == Some((kind == Kind::Udp, own)) {
                batch.answered(index, own);
            }
        }
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
        Err(e) => {
            let seen = failure(socket, kind, &e);
            batch.ended(index, seen);
        }
    }
}

/// What an error of a probe's socket means.
fn failure(socket: &OwnedFd, kind: Kind, error: &io::Error) -> Seen {
    if let Some(IcmpError { kind, code, by }) = sys::take_icmp_error(socket) {
        return Seen::Unreachable { kind, code, by };
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset if kind == Kind::Tcp => Seen::Reset,
        io::ErrorKind::PermissionDenied => Seen::Silent,
        _ => Seen::Failed(error.to_string()),
    }
}

/// The hardware address of a multicast or broadcast address.
fn to_all(address: IpAddr) -> Option<[u8; 6]> {
    match address {
        IpAddr::V4(v4) if v4.is_broadcast() => Some([0xff; 6]),
        IpAddr::V4(v4) if v4.is_multicast() => {
            let [_, b, c, d] = v4.octets();
            Some([1, 0, 0x5e, b & 0x7f, c, d])
        }
        IpAddr::V6(v6) if v6.is_multicast() => {
            let [.., a, b, c, d] = v6.octets();
            Some([0x33, 0x33, a, b, c, d])
        }
        _ => None,
    }
}

fn domain(of: IpAddr) -> i32 {
    if of.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 }
}

/// Lets the socket use addresses that its namespace does not have.
fn transparent(fd: &OwnedFd, of: IpAddr) -> io::Result<()> {
    let (level, name) =
        if of.is_ipv4() { (libc::SOL_IP, libc::IP_TRANSPARENT) } else { (libc::SOL_IPV6, libc::IPV6_TRANSPARENT) };
    sys::set(fd, level, name, 1)
}

/// A socket for the family of `any` that listeners are made of.
fn server(any: IpAddr, kind: i32, protocol: u8) -> io::Result<OwnedFd> {
    let fd = sys::socket(domain(any), kind, protocol.into())?;
    if any.is_ipv6() && protocol == 0 {
        sys::set(&fd, libc::SOL_IPV6, libc::IPV6_V6ONLY, 1)?;
    }
    transparent(&fd, any)?;
    sys::set(&fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    // A user namespace may not go beyond the limit.
    sys::set(&fd, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, BUFFER)
        .or_else(|_| sys::set(&fd, libc::SOL_SOCKET, libc::SO_RCVBUF, BUFFER))?;
    Ok(fd)
}

fn tcp_listener(any: IpAddr, port: u16) -> io::Result<Role> {
    let fd = server(any, libc::SOCK_STREAM, 0)?;
    sys::set(&fd, libc::SOL_SOCKET, libc::SO_REUSEPORT, 1)?;
    sys::bind(&fd, SocketAddr::new(any, port))?;
    sys::listen(&fd, 4096)?;
    Ok(Role::Tcp(fd.into()))
}

fn udp_listener(any: IpAddr, port: u16) -> io::Result<Role> {
    let fd = server(any, libc::SOCK_DGRAM, 0)?;
    match any {
        IpAddr::V4(_) => sys::set(&fd, libc::SOL_IP, libc::IP_RECVORIGDSTADDR, 1)?,
        IpAddr::V6(_) => sys::set(&fd, libc::SOL_IPV6, libc::IPV6_RECVORIGDSTADDR, 1)?,
    }
    sys::bind(&fd, SocketAddr::new(any, port))?;
    Ok(Role::Udp(fd))
}

fn raw_listener(any: IpAddr, protocol: u8) -> io::Result<Role> {
    let fd = server(any, libc::SOCK_RAW, protocol)?;
    if any.is_ipv6() {
        sys::set(&fd, libc::SOL_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
    }
    Ok(Role::Raw { fd, protocol, v6: any.is_ipv6() })
}

/// Asks the kernel to delete all tracked connections of the thread's namespace.
pub(super) fn flush_conntrack() -> io::Result<()> {
    const DELETE: u16 = 1 << 8 | 2; // NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE
    const REQUEST_ACK: u16 = 5;
    let fd = sys::socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_NETFILTER)?;
    let mut message = 20u32.to_ne_bytes().to_vec();
    message.extend(DELETE.to_ne_bytes());
    message.extend(REQUEST_ACK.to_ne_bytes());
    message.extend([0; 12]);
    sys::send(&fd, &message)?;
    let mut reply = [0u8; 256];
    let len = sys::recv(&fd, &mut reply)?;
    match reply[..len].get(16..20).map(|code| i32::from_ne_bytes(code.try_into().unwrap())) {
        Some(0) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(-code)),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

//! The system calls that the standard library has no safe form of. All `unsafe` of the rig is in this file.
//! Socket addresses and control messages cross the border as plain bytes, so each call below is one line of C.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "C's types of small numbers"
)]

use std::ffi::CStr;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

pub use libc::{EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLRDHUP};

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn check_len(result: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

// ---- namespaces and limits

/// Moves the calling thread into a new, empty network namespace.
pub fn unshare_net() -> io::Result<()> {
    check(unsafe { libc::unshare(libc::CLONE_NEWNET) }).map(drop)
}

/// Moves the calling thread into the network namespace that `fd` refers to.
pub fn enter_net(fd: BorrowedFd) -> io::Result<()> {
    check(unsafe { libc::setns(fd.as_raw_fd(), libc::CLONE_NEWNET) }).map(drop)
}

/// Raises the limit of open files as far as it goes and returns it.
pub fn raise_fd_limit() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
    }
    usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX)
}

// ---- sockets

/// A socket that neither blocks nor survives an exec.
pub fn socket(domain: i32, kind: i32, protocol: i32) -> io::Result<OwnedFd> {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    let fd = check(unsafe { libc::socket(domain, kind | flags, protocol) })?;
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

pub fn set(fd: &OwnedFd, level: i32, name: i32, value: i32) -> io::Result<()> {
    set_bytes(fd, level, name, &value.to_ne_bytes())
}

pub fn set_bytes(fd: &OwnedFd, level: i32, name: i32, value: &[u8]) -> io::Result<()> {
    let (data, len) = (value.as_ptr().cast(), value.len() as libc::socklen_t);
    check(unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, data, len) }).map(drop)
}

pub fn bind(fd: &OwnedFd, address: SocketAddr) -> io::Result<()> {
    let (bytes, len) = encode(address);
    check(unsafe { libc::bind(fd.as_raw_fd(), bytes.as_ptr().cast(), len) }).map(drop)
}

/// Starts to connect; a TCP handshake under way is no error.
pub fn connect(fd: &OwnedFd, address: SocketAddr) -> io::Result<()> {
    let (bytes, len) = encode(address);
    match check(unsafe { libc::connect(fd.as_raw_fd(), bytes.as_ptr().cast(), len) }) {
        Err(e) if e.raw_os_error() != Some(libc::EINPROGRESS) => Err(e),
        _ => Ok(()),
    }
}

pub fn listen(fd: &OwnedFd, backlog: i32) -> io::Result<()> {
    check(unsafe { libc::listen(fd.as_raw_fd(), backlog) }).map(drop)
}

pub fn send(fd: &OwnedFd, data: &[u8]) -> io::Result<usize> {
    let flags = libc::MSG_NOSIGNAL;
    check_len(unsafe { libc::send(fd.as_raw_fd(), data.as_ptr().cast(), data.len(), flags) })
}

pub fn send_to(fd: &OwnedFd, data: &[u8], to: SocketAddr) -> io::Result<usize> {
    let (bytes, len) = encode(to);
    let (at, size) = (data.as_ptr().cast(), data.len());
    check_len(unsafe { libc::sendto(fd.as_raw_fd(), at, size, libc::MSG_NOSIGNAL, bytes.as_ptr().cast(), len) })
}

/// Sends an IP packet in a frame to this hardware address, through a socket of `AF_PACKET` and `SOCK_DGRAM`.
pub fn send_frame(fd: &OwnedFd, data: &[u8], interface: &CStr, to: [u8; 6]) -> io::Result<usize> {
    let index = unsafe { libc::if_nametoindex(interface.as_ptr()) } as i32;
    let version = data.first().map_or(0, |byte| byte >> 4);
    let protocol = if version == 4 { libc::ETH_P_IP } else { libc::ETH_P_IPV6 } as u16;
    // sockaddr_ll: family, protocol, interface, three fields for receiving, the address and its length.
    let mut name = (libc::AF_PACKET as u16).to_ne_bytes().to_vec();
    name.extend(protocol.to_be_bytes());
    name.extend(index.to_ne_bytes());
    name.extend([0, 0, 0, 6]);
    name.extend(to.iter().chain(&[0, 0]));
    let (at, size) = (data.as_ptr().cast(), data.len());
    check_len(unsafe { libc::sendto(fd.as_raw_fd(), at, size, 0, name.as_ptr().cast(), name.len() as u32) })
}

/// Makes the interface a member of a multicast group while the socket is open.
pub fn join_group(fd: &OwnedFd, interface: &CStr, group: IpAddr) -> io::Result<()> {
    let index = unsafe { libc::if_nametoindex(interface.as_ptr()) } as i32;
    match group {
        // ip_mreqn: the group, an address of the interface, its index
        IpAddr::V4(group) => {
            let request = [group.octets(), [0; 4], index.to_ne_bytes()].concat();
            set_bytes(fd, libc::SOL_IP, libc::IP_ADD_MEMBERSHIP, &request)
        }
        IpAddr::V6(group) => {
            let request = [&group.octets()[..], &index.to_ne_bytes()].concat();
            set_bytes(fd, libc::SOL_IPV6, libc::IPV6_ADD_MEMBERSHIP, &request)
        }
    }
}

pub fn recv(fd: &OwnedFd, buffer: &mut [u8]) -> io::Result<usize> {
    check_len(unsafe { libc::recv(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), 0) })
}

/// One received message: how much of the buffer it fills, its sender, and its control messages.
pub struct Message {
    pub len: usize,
    pub from: Option<SocketAddr>,
    control: Vec<(i32, i32, Vec<u8>)>,
}

pub fn recv_message(fd: &OwnedFd, buffer: &mut [u8], flags: i32) -> io::Result<Message> {
    let mut name = [0u8; 28];
    let mut control = [0u64; 64];
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_name = name.as_mut_ptr().cast();
    header.msg_namelen = name.len() as libc::socklen_t;
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control) as _;
    let len = check_len(unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut header, flags) })?;
    let filled = header.msg_controllen as usize;
    let control: Vec<u8> = control.iter().flat_map(|word| word.to_ne_bytes()).take(filled).collect();
    Ok(Message { len, from: decode(&name), control: control_messages(&control) })
}

/// An ICMP error that a socket was told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    pub kind: u8,
    pub code: u8,
    pub by: Option<IpAddr>,
}

impl Message {
    /// Where the sender wanted the message to go (`IP_RECVORIGDSTADDR`, `IPV6_RECVORIGDSTADDR`, `IPV6_RECVPKTINFO`).
    pub fn to(&self) -> Option<SocketAddr> {
        self.control.iter().find_map(|(level, kind, data)| match (*level, *kind) {
            (libc::SOL_IP, libc::IP_ORIGDSTADDR) | (libc::SOL_IPV6, libc::IPV6_ORIGDSTADDR) => decode(data),
            (libc::SOL_IPV6, libc::IPV6_PKTINFO) => {
                let address: [u8; 16] = data.get(..16)?.try_into().ok()?;
                Some(SocketAddr::new(Ipv6Addr::from(address).into(), 0))
            }
            _ => None,
        })
    }

    /// The ICMP error that this entry of the error queue tells of (`struct sock_extended_err`, then the sender).
    pub fn icmp_error(&self) -> Option<IcmpError> {
        self.control.iter().find_map(|(level, kind, data)| {
            let ours =
                matches!((*level, *kind), (libc::SOL_IP, libc::IP_RECVERR) | (libc::SOL_IPV6, libc::IPV6_RECVERR));
            let origin = *data.get(4)?;
            let icmp = origin == libc::SO_EE_ORIGIN_ICMP || origin == libc::SO_EE_ORIGIN_ICMP6;
            if !ours || !icmp {
                return None;
            }
            let by = data.get(16..).and_then(decode).map(|address| address.ip());
            Some(IcmpError { kind: *data.get(5)?, code: *data.get(6)?, by })
        })
    }
}

/// Takes the first ICMP error from the socket's error queue.
pub fn take_icmp_error(fd: &OwnedFd) -> Option<IcmpError> {
    let mut buffer = [0u8; 256];
    recv_message(fd, &mut buffer, libc::MSG_ERRQUEUE).ok()?.icmp_error()
}

/// Splits a control buffer: each message is its length, level and type, then its data, padded to a word.
fn control_messages(mut bytes: &[u8]) -> Vec<(i32, i32, Vec<u8>)> {
    const WORD: usize = size_of::<usize>();
    let mut messages = Vec::new();
    while bytes.len() >= WORD + 8 {
        let number = |at: usize| i32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
        let len = usize::from_ne_bytes(bytes[..WORD].try_into().unwrap());
        let Some(data) = bytes.get(WORD + 8..len) else { break };
        messages.push((number(WORD), number(WORD + 4), data.to_vec()));
        bytes = bytes.get(len.next_multiple_of(WORD)..).unwrap_or_default();
    }
    messages
}

/// The address as the kernel's `sockaddr_in` or `sockaddr_in6`, and its length.
fn encode(address: SocketAddr) -> ([u8; 28], libc::socklen_t) {
    let mut bytes = [0u8; 28];
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    bytes[..2].copy_from_slice(&(family as u16).to_ne_bytes());
    bytes[2..4].copy_from_slice(&address.port().to_be_bytes());
    match address {
        SocketAddr::V4(v4) => {
            bytes[4..8].copy_from_slice(&v4.ip().octets());
            (bytes, 16)
        }
        SocketAddr::V6(v6) => {
            bytes[8..24].copy_from_slice(&v6.ip().octets());
            bytes[24..28].copy_from_slice(&v6.scope_id().to_ne_bytes());
            (bytes, 28)
        }
    }
}

fn decode(bytes: &[u8]) -> Option<SocketAddr> {
    let family = i32::from(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?));
    let port = u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?);
    let address: IpAddr = match family {
        libc::AF_INET => Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(4..8)?).ok()?).into(),
        libc::AF_INET6 => Ipv6Addr::from(<[u8; 16]>::try_from(bytes.get(8..24)?).ok()?).into(),
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

// ---- waiting

pub struct Epoll(OwnedFd);

impl Epoll {
    pub fn new() -> io::Result<Epoll> {
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        Ok(Epoll(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Reports `events` of `fd` as `token` until the descriptor is closed.
    pub fn add(&self, fd: &impl AsFd, events: i32, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: events as u32, u64: token };
        let (to, of) = (self.0.as_raw_fd(), fd.as_fd().as_raw_fd());
        check(unsafe { libc::epoll_ctl(to, libc::EPOLL_CTL_ADD, of, &raw mut event) }).map(drop)
    }

    /// The tokens and events that are ready, after at most `wait`.
    pub fn wait(&self, wait: Duration) -> Vec<(u64, i32)> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 512];
        let (max, wait) = (events.len() as i32, wait.as_millis() as i32);
        let n = unsafe { libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), max, wait) };
        events[..n.max(0) as usize].iter().map(|event| (event.u64, event.events as i32)).collect()
    }
}

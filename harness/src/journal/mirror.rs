//! A second machine that gets every record too: the one record that outlives a dead disk.
//!
//! Its thread is never waited for. What the other machine does not take in time is dropped, counted,
//! and said at the end.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Messages under way to the thread.
const QUEUE: usize = 4096;
/// Kept while the other machine does not answer.
const BACKLOG_BYTES: usize = 16 << 20;
/// Fits one frame of Ethernet with all headers.
const DATAGRAM_BYTES: usize = 1200;
const CONNECT: Duration = Duration::from_secs(3);
const SEND: Duration = Duration::from_secs(3);
const RETRY: Duration = Duration::from_secs(2);
/// At the end of the run what is left is sent for so long.
const LINGER: Duration = Duration::from_secs(3);
const TICK: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    kind: Kind,
    host: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tcp,
    Udp,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Address, String> {
        let (kind, host) = match text.split_once("://") {
            Some(("udp", host)) => (Kind::Udp, host),
            Some(("tcp", host)) => (Kind::Tcp, host),
            None => (Kind::Tcp, text),
            Some((other, _)) => return Err(format!("{other:?} is neither tcp nor udp")),
        };
        let port = host.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
        match port {
            Some(Ok(_)) => Ok(Address {
                kind,
                host: host.to_owned(),
            }),
            _ => Err("it has no port: HOST:PORT, tcp://HOST:PORT or udp://HOST:PORT".to_owned()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Tcp => "tcp",
            Kind::Udp => "udp",
        };
        write!(f, "{kind}://{}", self.host)
    }
}

/// A part of a segment, as it is sent: `crashpoint-mirror/1 RUN SEGMENT OFFSET BYTES`, a newline, and
/// so many bytes. Each says where it belongs, so that one that is lost leaves a hole and no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub run: String,
    pub segment: u32,
    pub offset: u64,
    pub bytes: Vec<u8>,
}

const GREETING: &str = "crashpoint-mirror/1";

impl Message {
    pub fn encode(&self) -> Vec<u8> {
        let mut message = format!(
            "{GREETING} {} {} {} {}\n",
            self.run,
            self.segment,
            self.offset,
            self.bytes.len()
        )
        .into_bytes();
        message.extend_from_slice(&self.bytes);
        message
    }

    /// What a head says, and how many bytes follow it.
    pub fn head(line: &str) -> Option<(Message, usize)> {
        let mut words = line.trim_end_matches('\n').split(' ');
        if words.next() != Some(GREETING) {
            return None;
        }
        let message = Message {
            run: words.next()?.to_owned(),
            segment: words.next()?.parse().ok()?,
            offset: words.next()?.parse().ok()?,
            bytes: Vec::new(),
        };
        let bytes = words.next()?.parse().ok()?;
        words.next().is_none().then_some((message, bytes))
    }
}

/// A handle to the thread that sends. Cheap to clone; the last one that goes ends it.
#[derive(Debug, Clone)]
pub struct Mirror {
    run: String,
    address: Address,
    queue: SyncSender<Message>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    lost_bytes: AtomicU64,
    last_error: Mutex<Option<String>>,
    finished: Mutex<bool>,
    changed: Condvar,
}

impl Mirror {
    pub fn start(address: Address, run: &str) -> Mirror {
        let (queue, inbox) = sync_channel(QUEUE);
        let state = Arc::<State>::default();
        let mirror = Mirror {
            run: run.to_owned(),
            address: address.clone(),
            queue,
            state: Arc::clone(&state),
        };
        let started = std::thread::Builder::new()
            .name("mirror".to_owned())
            .spawn(move || Sender::new(address, state).run(&inbox));
        if let Err(error) = started {
            mirror.state.failed(&error);
            mirror.state.finish();
        }
        mirror
    }

    /// Never waits.
    pub fn send(&self, segment: u32, offset: u64, bytes: &[u8]) {
        let mut offset = offset;
        for part in bytes.chunks(DATAGRAM_BYTES) {
            let message = Message {
                run: self.run.clone(),
                segment,
                offset,
                bytes: part.to_vec(),
            };
            offset += part.len() as u64;
            if self.queue.try_send(message).is_err() {
                self.state.lose(part.len());
            }
        }
    }

    /// Waits a bounded time until everything is sent; no other handle may be left.
    pub fn finish(self) {
        let Mirror { queue, state, .. } = self;
        drop(queue);
        let finished = state.finished.lock();
        let finished = finished.unwrap_or_else(PoisonError::into_inner);
        // Whether it made it in time is in the count of what was lost.
        let _ = state
            .changed
            .wait_timeout_while(finished, LINGER + SEND + CONNECT, |finished| !*finished);
    }

    pub fn trouble(&self) -> Option<String> {
        let lost = self.state.lost_bytes.load(Ordering::Relaxed);
        let error = self.state.last_error.lock();
        let error = error.unwrap_or_else(PoisonError::into_inner);
        let why = error.as_deref().unwrap_or("it did not take them in time");
        let address = &self.address;
        (lost > 0).then(|| format!("{lost} bytes did not reach the mirror {address}: {why}"))
    }
}

impl State {
    fn lose(&self, bytes: usize) {
        self.lost_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn finish(&self) {
        let finished = self.finished.lock();
        *finished.unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    fn failed(&self, error: &io::Error) {
        let mut last = self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = Some(error.to_string());
    }
}

struct Sender {
    address: Address,
    state: Arc<State>,
    line: Option<Line>,
    tried: Option<Instant>,
    backlog: VecDeque<Message>,
    backlog_bytes: usize,
}

enum Line {
    Tcp(TcpStream),
    Udp(UdpSocket),
}

impl Sender {
    fn new(address: Address, state: Arc<State>) -> Sender {
        Sender {
            address,
            state,
            line: None,
            tried: None,
            backlog: VecDeque::new(),
            backlog_bytes: 0,
        }
    }

    fn run(mut self, inbox: &Receiver<Message>) {
        let mut over: Option<Instant> = None;
        loop {
            match inbox.recv_timeout(RETRY) {
                Ok(message) => {
                    self.take(message);
                    inbox.try_iter().for_each(|message| self.take(message));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let since = *over.get_or_insert_with(Instant::now);
                    if self.backlog.is_empty() || since.elapsed() >= LINGER {
                        self.state.lose(self.backlog_bytes);
                        self.state.finish();
                        return;
                    }
                    // Nothing wakes it any more; there is only the other machine to wait for.
                    std::thread::sleep(TICK);
                }
            }
            self.deliver();
        }
    }

    fn take(&mut self, message: Message) {
        self.backlog_bytes += message.bytes.len();
        self.backlog.push_back(message);
        while self.backlog_bytes > BACKLOG_BYTES {
            let Some(oldest) = self.backlog.pop_front() else {
                return;
            };
            self.backlog_bytes -= oldest.bytes.len();
            self.state.lose(oldest.bytes.len());
        }
    }

    fn deliver(&mut self) {
        if self.line.is_none() {
            if self.tried.is_some_and(|then| then.elapsed() < RETRY) {
                return;
            }
            self.tried = Some(Instant::now());
            match Line::open(&self.address) {
                Ok(line) => self.line = Some(line),
                Err(error) => return self.state.failed(&error),
            }
        }
        while let (Some(message), Some(line)) = (self.backlog.front(), &mut self.line) {
            if let Err(error) = line.send(&message.encode()) {
                self.state.failed(&error);
                self.line = None;
                return;
            }
            self.backlog_bytes -= message.bytes.len();
            self.backlog.pop_front();
        }
    }
}

impl Line {
    fn open(address: &Address) -> io::Result<Line> {
        let mut last: io::Error = io::ErrorKind::AddrNotAvailable.into();
        for to in address.host.to_socket_addrs()? {
            match Line::open_one(address.kind, to) {
                Ok(line) => return Ok(line),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn open_one(kind: Kind, to: SocketAddr) -> io::Result<Line> {
        match kind {
            Kind::Tcp => {
                let stream = TcpStream::connect_timeout(&to, CONNECT)?;
                stream.set_write_timeout(Some(SEND))?;
                stream.set_nodelay(true)?;
                Ok(Line::Tcp(stream))
            }
            Kind::Udp => {
                let any: SocketAddr = match to {
                    SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
                    SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
                };
                let socket = UdpSocket::bind(any)?;
                socket.connect(to)?;
                socket.set_write_timeout(Some(SEND))?;
                Ok(Line::Udp(socket))
            }
        }
    }

    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match self {
            Line::Tcp(stream) => stream.write_all(message),
            // The other machine may not be there yet: a datagram that is lost is a hole.
            Line::Udp(socket) => socket.send(message).map(|_| ()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_a_port_and_may_name_its_protocol() {
        let read = |text: &str| text.parse::<Address>().map(|it| it.to_string());
        assert_eq!(read("box:4170").unwrap(), "tcp://box:4170");
        assert_eq!(read("udp://[::1]:4170").unwrap(), "udp://[::1]:4170");
        assert!(read("box").is_err());
        assert!(read("http://box:80").is_err());
    }

    #[test]
    fn a_message_says_where_it_belongs() {
        let message = Message {
            run: "2026-11-23T14-02-11Z-3f9a".to_owned(),
            segment: 2,
            offset: 4711,
            bytes: b"a line\n".to_vec(),
        };
        let encoded = message.encode();
        let end = encoded.iter().position(|&byte| byte == b'\n').unwrap();
        let (head, length) = Message::head(std::str::from_utf8(&encoded[..end]).unwrap()).unwrap();
        assert_eq!((head.segment, head.offset, length), (2, 4711, 7));
        assert_eq!(&encoded[end + 1..], &message.bytes[..]);
        assert!(Message::head("crashpoint-mirror/1 a 1 2").is_none());
        assert!(Message::head("GET / HTTP/1.1").is_none());
    }
}

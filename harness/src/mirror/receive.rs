//! Takes what comes over TCP and UDP, until it is told to stop.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::store::Store;
use crate::interrupt::Interrupt;
use crate::journal::Message;

/// What was received is durable after at most this long.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// Machines at a time.
const MOST_SENDERS: usize = 64;
/// A head is far shorter, and so is what follows it.
const MOST_HEAD_BYTES: u64 = 256;
const MOST_BYTES: usize = 64 << 10;
/// How soon a connection that says nothing looks whether it is time to end.
const LOOK_UP: Duration = Duration::from_millis(500);

pub fn serve(
    tcp: &TcpListener,
    udp: &UdpSocket,
    store: &Store,
    interrupt: &Interrupt,
) -> io::Result<()> {
    tcp.set_nonblocking(true)?;
    udp.set_nonblocking(true)?;
    let over = AtomicBool::new(false);
    let senders = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let mut synced = Instant::now();
        while interrupt.signal().is_none() {
            wait(tcp, udp, interrupt)?;
            while let Ok((stream, from)) = tcp.accept() {
                if senders.load(Ordering::Relaxed) >= MOST_SENDERS {
                    eprintln!(
                        "crashpoint: {from} was turned away: {MOST_SENDERS} machines send already"
                    );
                    continue;
                }
                senders.fetch_add(1, Ordering::Relaxed);
                let (over, senders) = (&over, &senders);
                scope.spawn(move || {
                    if let Err(error) = stream_of(&stream, store, over) {
                        eprintln!("crashpoint: from {from}: {error}");
                    }
                    senders.fetch_sub(1, Ordering::Relaxed);
                });
            }
            datagrams(udp, store)?;
            if synced.elapsed() >= SYNC_EVERY {
                store.sync();
                synced = Instant::now();
            }
        }
        over.store(true, Ordering::Relaxed);
        Ok(())
    })
    .inspect(|()| store.sync())
}

fn wait(tcp: &TcpListener, udp: &UdpSocket, interrupt: &Interrupt) -> io::Result<()> {
    let bell = interrupt.as_fd();
    let mut ready = [
        PollFd::new(tcp, PollFlags::IN),
        PollFd::new(udp, PollFlags::IN),
        PollFd::new(&bell, PollFlags::IN),
    ];
    let timeout = Timespec::try_from(SYNC_EVERY).ok();
    match poll(&mut ready, timeout.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn datagrams(udp: &UdpSocket, store: &Store) -> io::Result<()> {
    let mut datagram = vec![0; MOST_BYTES];
    loop {
        let length = match udp.recv(&mut datagram) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        let whole = datagram.get(..length).unwrap_or_default();
        let Some(end) = whole.iter().position(|&byte| byte == b'\n') else {
            continue;
        };
        let (head, rest) = whole.split_at(end);
        let head = std::str::from_utf8(head).ok().and_then(Message::head);
        let bytes = rest.get(1..).unwrap_or_default();
        if let Some((mut message, length)) = head
            && length == bytes.len()
        {
            message.bytes = bytes.to_vec();
            store.take(message)?;
        }
    }
}

/// All that one machine sends. One that sends something else is not listened to any more.
fn stream_of(stream: &TcpStream, store: &Store, over: &AtomicBool) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(LOOK_UP))?;
    let mut input = BufReader::new(Patient { stream, over });
    loop {
        let mut head = String::new();
        let read = input.by_ref().take(MOST_HEAD_BYTES).read_line(&mut head)?;
        if read == 0 {
            return Ok(());
        }
        let (mut message, length) = Message::head(&head)
            .filter(|(_, length)| *length <= MOST_BYTES)
            .ok_or_else(|| io::Error::other("this is no record of a run"))?;
        message.bytes = vec![0; length];
        input.read_exact(&mut message.bytes)?;
        store.take(message)?;
    }
}

/// Reads on through timeouts until it is time to end.
struct Patient<'a> {
    stream: &'a TcpStream,
    over: &'a AtomicBool,
}

impl Read for Patient<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut stream = self.stream;
        loop {
            match stream.read(into) {
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) =>
                {
                    if self.over.load(Ordering::Relaxed) {
                        return Ok(0);
                    }
                }
                read => return read,
            }
        }
    }
}

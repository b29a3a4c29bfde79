//! `crashpoint mirror`: keeps the records that runs on other machines send.

use std::net::TcpListener;
use std::net::UdpSocket;

use crate::cli::MirrorOptions;
use crate::exit_code;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::mirror::{Store, serve};

pub fn mirror(options: &MirrorOptions) -> Result<u8, Failure> {
    let unfit = |what: &'static str| {
        move |error: std::io::Error| {
            Failure::unfit(format!("failed to {what} {}: {error}", options.listen))
        }
    };
    let interrupt = Interrupt::listen()
        .map_err(|error| Failure::harness(format!("failed to listen for signals: {error}")))?;
    let store = Store::open(&options.out, options.most.as_u64())
        .map_err(|error| Failure::write(&options.out, &error))?;
    let tcp = TcpListener::bind(&options.listen).map_err(unfit("listen on"))?;
    // The same port, also where it was left to the system to choose one.
    let address = tcp.local_addr().map_err(unfit("listen on"))?;
    let udp = UdpSocket::bind(address).map_err(unfit("listen on"))?;
    eprintln!(
        "listening on {address} (tcp and udp); runs are kept in {}",
        options.out.display()
    );
    serve(&tcp, &udp, &store, &interrupt)
        .map_err(|error| Failure::harness(format!("failed to receive: {error}")))?;
    Ok(exit_code::OK)
}

//! Sockets to listen on: our own, or inherited from systemd.

use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;

/// The `FileDescriptorName=` of a socket unit whose socket is for probes and metrics. A socket
/// of any other name is the service's own.
const PROBE_SOCKET_NAME: &str = "probe";

/// A socket that the service listens on.
#[derive(Debug)]
pub struct Listening {
    pub(super) socket: TcpListener,
    /// systemd keeps it open: a connection that is not accepted here waits for the next instance.
    pub(super) is_inherited: bool,
}

impl Listening {
    /// Where.
    ///
    /// # Errors
    /// The kernel doesn't tell.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// Listening sockets that the process was started with (`LISTEN_FDS`, systemd's socket
/// activation). They stay open over a restart of the service, so no client is refused.
#[derive(Debug, Default)]
pub struct InheritedSockets {
    service: Option<TcpListener>,
    probe: Option<TcpListener>,
}

impl InheritedSockets {
    /// Takes the sockets that the environment names. To be called before there are other
    /// threads: it removes the variables, so that no child takes them for its own.
    ///
    /// # Errors
    /// A socket that is no TCP listener.
    pub fn take() -> Result<Self, String> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut sockets = ListenFd::from_env();
        let mut inherited = Self::default();
        for (index, name) in (0..sockets.len()).zip(names.split(':').chain(std::iter::repeat(""))) {
            let listener = sockets
                .take_tcp_listener(index)
                .map_err(|cause| format!("LISTEN_FDS: socket '{name}' can't be used: {cause}"))?;
            let place = if name == PROBE_SOCKET_NAME {
                &mut inherited.probe
            } else {
                &mut inherited.service
            };
            if place.is_some() {
                return Err(format!(
                    "LISTEN_FDS: more than one socket for the {} (name the other one \
                     FileDescriptorName={PROBE_SOCKET_NAME})",
                    if name == PROBE_SOCKET_NAME {
                        "probes"
                    } else {
                        "service"
                    }
                ));
            }
            *place = listener;
        }
        Ok(inherited)
    }

    /// The service's socket: the inherited one, or a new one on `address`.
    ///
    /// # Errors
    /// The address can't be used, with the reason in words.
    pub fn service(&mut self, address: SocketAddr) -> Result<Listening, String> {
        self.service
            .take()
            .map_or_else(|| listen(address), |socket| Ok(inherited(socket)))
    }

    /// The socket for probes: the inherited one, or a new one on `address` if there is one.
    ///
    /// # Errors
    /// The address can't be used, with the reason in words.
    pub fn probe(&mut self, address: Option<SocketAddr>) -> Result<Option<Listening>, String> {
        match self.probe.take() {
            Some(socket) => Ok(Some(inherited(socket))),
            None => address.map(listen).transpose(),
        }
    }
}

fn inherited(socket: TcpListener) -> Listening {
    Listening {
        socket,
        is_inherited: true,
    }
}

fn listen(address: SocketAddr) -> Result<Listening, String> {
    let socket = TcpListener::bind(address).map_err(|cause| {
        let hint = match cause.kind() {
            std::io::ErrorKind::AddrInUse => " (another process listens there)",
            std::io::ErrorKind::PermissionDenied => " (ports below 1024 need privileges)",
            _ => "",
        };
        format!("can't listen on {address}: {cause}{hint}")
    })?;
    Ok(Listening {
        socket,
        is_inherited: false,
    })
}

//! A TCP link that a test can cut, stop, slow down and corrupt.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How often a side that is silent looks whether anything has changed.
const LOOK: Duration = Duration::from_millis(2);

/// What becomes of bytes on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// They arrive.
    Clear,
    /// Connections end at once, and new ones are closed.
    Cut,
    /// Nothing arrives, either way, and no connection ends; what was sent arrives when the weather clears.
    Still,
    /// The same for what goes to the server; its answers arrive.
    StillUp,
    /// The same for what comes from the server.
    StillDown,
    /// Everything arrives so much later.
    Slow(Duration),
    /// Of what comes from the server, one bit in so many bytes is another.
    Corrupt(u64),
}

/// A port of 127.0.0.1 that leads to another address, as well as the test lets it. It is closed when this is dropped.
#[derive(Debug)]
pub struct Link {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: Mutex<SocketAddr>,
    weather: Mutex<Weather>,
    has_ended: AtomicBool,
    /// Bytes that have come from the server: where the next one is corrupted.
    passed: AtomicU64,
    accepted: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

impl Link {
    /// A link to an address, in clear weather.
    ///
    /// # Panics
    ///
    /// When no port is free.
    #[must_use]
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("a listener has an address").port();
        listener.set_nonblocking(true).expect("a listener can be asked without waiting");
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            weather: Mutex::new(Weather::Clear),
            has_ended: AtomicBool::new(false),
            passed: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept(&listener));
        Self { port, shared }
    }

    /// A link to a port of 127.0.0.1.
    #[must_use]
    pub fn to_port(port: u16) -> Self {
        Self::to(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    /// A link of which one end is not there yet: connections are closed until it leads somewhere
    /// ([`Link::lead_to_port`]).
    ///
    /// # Panics
    ///
    /// As [`Link::to`].
    #[must_use]
    pub fn to_nowhere() -> Self {
        // Nobody can listen there.
        Self::to_port(0)
    }

    /// Its own port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Changes the weather, also for connections that are there.
    pub fn turn(&self, weather: Weather) {
        *self.shared.weather() = weather;
    }

    /// Leads connections that are made from now on to another port of 127.0.0.1. Those that are there stay where they are.
    pub fn lead_to_port(&self, port: u16) {
        *self.shared.target() = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    }

    /// Connections so far.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.has_ended.store(true, Ordering::SeqCst);
    }
}

impl Shared {
    fn weather(&self) -> MutexGuard<'_, Weather> {
        self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn target(&self) -> MutexGuard<'_, SocketAddr> {
        self.target.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Weather {
        if self.has_ended.load(Ordering::SeqCst) { Weather::Cut } else { *self.weather() }
    }

    fn accept(self: Arc<Self>, listener: &TcpListener) {
        while !self.has_ended.load(Ordering::SeqCst) {
            match listener.accept() {
                Ok((client, _)) => {
                    self.accepted.fetch_add(1, Ordering::SeqCst);
                    let shared = Arc::clone(&self);
                    thread::spawn(move || shared.connect(client));
                }
                Err(_) => thread::sleep(LOOK),
            }
        }
    }

    /// Whoever can't be led on is closed when `client` is dropped.
    fn connect(self: Arc<Self>, client: TcpStream) {
        if self.now() == Weather::Cut || client.set_nonblocking(false).is_err() {
            return;
        }
        let target = *self.target();
        let Ok(server) = TcpStream::connect_timeout(&target, Duration::from_secs(5)) else { return };
        let (Ok(from_client), Ok(from_server)) = (client.try_clone(), server.try_clone()) else { return };
        let down = Arc::clone(&self);
        thread::spawn(move || down.carry(Way::Down, from_server, client));
        self.carry(Way::Up, from_client, server);
    }

    fn carry(&self, way: Way, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; 64 << 10];
        // Without these the bytes would go all the same, only less smoothly.
        let _ = (from.set_read_timeout(Some(LOOK)), to.set_nodelay(true));
        while self.wait_until_clear(way) {
            let length = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if is_silence(error.kind()) => continue,
                Err(_) => break,
            };
            let bytes = &mut buffer[..length];
            match self.now() {
                Weather::Slow(time) => thread::sleep(time),
                Weather::Corrupt(every) if way == Way::Down => self.corrupt(bytes, every),
                _ => {}
            }
            if !self.wait_until_clear(way) || to.write_all(bytes).is_err() {
                break;
            }
        }
        // One that has ended already does not mind.
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }

    /// Waits while nothing arrives; `false` where the link is cut.
    fn wait_until_clear(&self, way: Way) -> bool {
        loop {
            match (self.now(), way) {
                (Weather::Cut, _) => return false,
                (Weather::Still, _) | (Weather::StillUp, Way::Up) | (Weather::StillDown, Way::Down) => {
                    thread::sleep(LOOK);
                }
                _ => return true,
            }
        }
    }

    fn corrupt(&self, bytes: &mut [u8], every: u64) {
        for byte in bytes {
            let place = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
            if place.is_multiple_of(every.max(1)) {
                *byte ^= 1 << (place / every % 8);
            }
        }
    }
}

fn is_silence(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends back whatever comes.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || {
                    let mut writer = stream.try_clone().unwrap();
                    let _ = std::io::copy(&mut &stream, &mut writer);
                });
            }
        });
        address
    }

    fn connect(link: &Link) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, link.port())).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        stream
    }

    fn said(stream: &mut TcpStream, text: &str) -> std::io::Result<String> {
        stream.write_all(text.as_bytes())?;
        heard(stream, text.len())
    }

    fn heard(stream: &mut TcpStream, length: usize) -> std::io::Result<String> {
        let mut bytes = vec![0; length];
        stream.read_exact(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn in_clear_weather_everything_arrives() {
        let link = Link::to(echo());
        let mut stream = connect(&link);
        assert_eq!(said(&mut stream, "one").unwrap(), "one");
        assert_eq!((said(&mut stream, "two").unwrap().as_str(), link.accepted()), ("two", 1));
    }

    #[test]
    fn a_cut_link_ends_what_is_there_and_refuses_what_comes() {
        let link = Link::to(echo());
        let mut stream = connect(&link);
        said(&mut stream, "one").unwrap();
        link.turn(Weather::Cut);
        assert!(said(&mut stream, "two").is_err());
        assert!(said(&mut connect(&link), "three").is_err());
        link.turn(Weather::Clear);
        assert_eq!(said(&mut connect(&link), "four").unwrap(), "four");
    }

    #[test]
    fn what_was_sent_over_a_still_link_arrives_when_it_clears() {
        let link = Link::to(echo());
        let mut stream = connect(&link);
        for weather in [Weather::Still, Weather::StillUp, Weather::StillDown] {
            link.turn(weather);
            assert!(said(&mut stream, "late").is_err(), "{weather:?}");
            link.turn(Weather::Clear);
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            assert_eq!(heard(&mut stream, 4).unwrap(), "late");
            stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        }
    }

    #[test]
    fn a_corrupt_link_changes_single_bits_of_what_comes_back() {
        let link = Link::to(echo());
        let mut stream = connect(&link);
        link.turn(Weather::Corrupt(5));
        let back = said(&mut stream, "0000000000").unwrap();
        assert_eq!(back.bytes().filter(|&byte| byte != b'0').count(), 2);
    }
}

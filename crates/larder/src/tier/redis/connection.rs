//! The one connection to a Redis: made when it is needed, shared by all, made anew when it is lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo as _,
    Pipeline, RedisConnectionInfo, RedisError, RedisFuture, RedisResult, TlsCertificates, TlsMode, Value,
};
use tokio::sync::watch;

use super::address::Address;
use crate::tier::shared::Trouble;

/// To connect may take longer than to ask: it goes on while nobody waits for it.
const CONNECT_TIME: Duration = Duration::from_secs(2);
/// Commands that wait to be written. The crate's own 50 let a burst wait for one another.
const WAITING_COMMANDS: usize = 1_024;

/// A connection that many use at the same time.
#[derive(Clone)]
pub(super) enum Link {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Link::One(connection) => connection.req_packed_command(command),
            Link::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Link::One(connection) => connection.req_packed_commands(pipeline, offset, count),
            Link::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Link::One(connection) => connection.get_db(),
            Link::Cluster(connection) => connection.get_db(),
        }
    }
}

/// What has come of connecting; nothing while it is under way.
type Connecting = watch::Receiver<Option<Result<Link, Trouble>>>;

/// The connection to an address.
pub(super) struct Connection {
    target: Arc<Target>,
    current: Mutex<Option<Connecting>>,
}

impl Connection {
    /// # Errors
    /// Where the certificates are none.
    pub(super) fn new(address: &Address, budget: Duration) -> RedisResult<Connection> {
        Ok(Connection { target: Arc::new(Target::new(address, budget)?), current: Mutex::default() })
    }

    /// Begins to connect, if nobody has.
    pub(super) fn begin(&self) {
        self.connecting();
    }

    /// Sends a command over the connection, which is made first if need be.
    pub(super) async fn ask(&self, command: &Cmd) -> Result<Value, Trouble> {
        let mut connecting = self.connecting();
        let outcome = match connecting.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone(),
            Err(_) => None,
        };
        let outcome = outcome.unwrap_or_else(|| Err(Trouble::Unreachable("nobody connects".into())));
        let mut link = outcome.inspect_err(|_| self.give_up_on(&connecting))?;
        command.query_async(&mut link).await.map_err(|error| {
            if is_of_no_more_use(&error) {
                self.give_up_on(&connecting);
            }
            trouble(&error)
        })
    }

    /// The next who asks connects anew.
    pub(super) fn give_up(&self) {
        self.current().take();
    }

    fn give_up_on(&self, failed: &Connecting) {
        let mut current = self.current();
        if current.as_ref().is_some_and(|current| current.same_channel(failed)) {
            current.take();
        }
    }

    fn connecting(&self) -> Connecting {
        self.current().get_or_insert_with(|| self.connect()).clone()
    }

    fn current(&self) -> MutexGuard<'_, Option<Connecting>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self) -> Connecting {
        let (outcome, connecting) = watch::channel(None);
        let target = Arc::clone(&self.target);
        tokio::spawn(async move {
            let link = tokio::time::timeout(CONNECT_TIME, target.connect()).await;
            let link = link.unwrap_or(Err(Trouble::TimedOut));
            if let Err(trouble) = &link {
                tracing::debug!(%trouble, "no connection to the shared cache");
            }
            outcome.send_replace(Some(link));
            // Those who have it keep it for as long as they need it.
        });
        connecting
    }
}

/// Whom to connect to, and how.
enum Target {
    One(Client, AsyncConnectionConfig),
    Cluster(ClusterClient),
    Sentinel(tokio::sync::Mutex<SentinelClient>, AsyncConnectionConfig),
}

impl Target {
    fn new(address: &Address, budget: Duration) -> RedisResult<Target> {
        let tcp = TcpSettings::default().set_nodelay(true);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIME))
            // Who asks waits for less.
            .set_response_timeout(Some(CONNECT_TIME))
            .set_pipeline_buffer_size(WAITING_COMMANDS);
        let certificates = TlsCertificates { client_tls: None, root_cert: address.authorities.clone() };
        if address.master.is_some() {
            let client = sentinel(address, tcp, certificates)?;
            return Ok(Target::Sentinel(tokio::sync::Mutex::new(client), config));
        }
        let infos = address.hosts.iter().map(|(host, port)| info(address, host, *port, tcp.clone()));
        let mut infos = infos.collect::<RedisResult<Vec<_>>>()?;
        if infos.len() > 1 {
            return Ok(Target::Cluster(cluster(address, infos, tcp, certificates, budget)?));
        }
        let info = infos.pop().ok_or((ErrorKind::InvalidClientConfig, "an address has a host"))?;
        let client = if address.is_encrypted {
            Client::build_with_tls(info, certificates)?
        } else {
            Client::open(info)?
        };
        Ok(Target::One(client, config))
    }

    async fn connect(&self) -> Result<Link, Trouble> {
        let connection = match self {
            Target::One(client, config) => {
                client.get_multiplexed_async_connection_with_config(config).await.map(Link::One)
            }
            Target::Cluster(client) => client.get_async_connection().await.map(Link::Cluster),
            Target::Sentinel(client, config) => {
                let client = client.lock().await.async_get_client().await;
                match client {
                    Ok(client) => {
                        client.get_multiplexed_async_connection_with_config(config).await.map(Link::One)
                    }
                    Err(error) => Err(error),
                }
            }
        };
        connection.map_err(|error| trouble(&error))
    }
}

fn info(address: &Address, host: &str, port: u16, tcp: TcpSettings) -> RedisResult<ConnectionInfo> {
    let place = if address.is_encrypted {
        ConnectionAddr::TcpTls { host: host.to_owned(), port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host.to_owned(), port)
    };
    // A user who may only read and write our keys may not name the client.
    let mut settings = RedisConnectionInfo::default().set_skip_set_lib_name().set_db(address.database);
    if let Some(user) = &address.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = &address.password {
        settings = settings.set_password(password);
    }
    Ok(place.into_connection_info()?.set_tcp_settings(tcp).set_redis_settings(settings))
}

fn cluster(
    address: &Address,
    infos: Vec<ConnectionInfo>,
    tcp: TcpSettings,
    certificates: TlsCertificates,
    budget: Duration,
) -> RedisResult<ClusterClient> {
    let mut builder = ClusterClient::builder(infos)
        .tcp_settings(tcp)
        .connection_timeout(CONNECT_TIME)
        .response_timeout(CONNECT_TIME)
        .overall_response_timeout(Some(budget * 2))
        // A key that has moved is asked for where it is now.
        .retries(2);
    if address.is_encrypted {
        builder = builder.tls(TlsMode::Secure).certs(certificates);
    }
    builder.build()
}

fn sentinel(
    address: &Address,
    tcp: TcpSettings,
    certificates: TlsCertificates,
) -> RedisResult<SentinelClient> {
    let tls = if address.is_encrypted { TlsMode::Secure } else { TlsMode::Insecure };
    let hosts = address.hosts.iter().map(|(host, port)| {
        if address.is_encrypted {
            ConnectionAddr::TcpTls { host: host.clone(), port: *port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host.clone(), *port)
        }
    });
    let name = address.master.as_deref().unwrap_or_default();
    let mut builder = SentinelClientBuilder::new(hosts, name, SentinelServerType::Master)?
        .set_client_to_redis_tcp_settings(tcp.clone())
        .set_client_to_sentinel_tcp_settings(tcp)
        .set_client_to_redis_db(address.database);
    if address.is_encrypted {
        builder = builder
            .set_client_to_redis_tls_mode(tls)
            .set_client_to_sentinel_tls_mode(tls)
            .set_client_to_redis_certificates(certificates.clone())
            .set_client_to_sentinel_certificates(certificates);
    }
    if let Some(user) = &address.user {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = &address.password {
        builder = builder.set_client_to_redis_password(password);
    }
    builder.build()
}

/// Whether nothing can be asked over a connection any more after this.
fn is_of_no_more_use(error: &RedisError) -> bool {
    error.is_unrecoverable_error()
        // What follows out of step is another's answer.
        || matches!(error.kind(), ErrorKind::Parse)
        // A master that has become a replica: another one has taken its place.
        || error.code() == Some("READONLY")
}

fn trouble(error: &RedisError) -> Trouble {
    if error.is_timeout() {
        return Trouble::TimedOut;
    }
    match error.kind() {
        ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::AuthenticationFailed => {
            Trouble::Refused(error.code().unwrap_or("AUTH").to_owned())
        }
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => Trouble::Senseless(error.to_string()),
        _ => Trouble::Unreachable(error.to_string()),
    }
}

//! What every request passes on its way to the routes, and every response on its way back.

use std::any::Any;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONNECTION, HOST};
use axum::http::{HeaderValue, Method, Request, Response, Uri};
use bytes::Bytes;
use futures::FutureExt;
use futures::future::Either;
use hyper::body::{Body as _, Incoming};
use hyper::service::Service;
use tower::Service as _;
use tracing::{debug, error};

use super::Shared;
use super::activity::{Activity, ResponseBody};
use super::host::AdmittedHost;
use super::limits::Limits;
use super::refusal::{self, Reason, Refusal};
use super::request_body::{self, BodyFate, FateOfBody};
use super::target;
use crate::request_id::RequestId;

/// The service of one connection.
pub(super) struct Front {
    pub(super) shared: Arc<Shared>,
    pub(super) activity: Arc<Activity>,
    pub(super) peer: SocketAddr,
    pub(super) host: AdmittedHost,
}

impl Service<Request<Incoming>> for Front {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let in_hand = self.activity.request_came();
        let checked = check(&self.shared, &self.host, &request);
        if checked.is_ok()
            && let Some(response) = at_once(&self.shared, &request)
        {
            return Either::Left(ready(Ok(response.map(|body| ResponseBody::whole(body, in_hand)))));
        }
        let (shared, peer) = (Arc::clone(&self.shared), self.peer);
        Either::Right(Box::pin(async move {
            let response = last_when_leaving(&shared, respond(&shared, peer, request, checked).await);
            Ok(response.map(|body| ResponseBody::new(body, in_hand)))
        }))
    }
}

type Answered = Result<Response<ResponseBody>, Infallible>;

/// An answer that is there at once, and needs neither a place on the heap nor another look; or one that takes its time.
type Answering = Either<Ready<Answered>, Pin<Box<dyn Future<Output = Answered> + Send>>>;

/// The shortcut's answer.
fn at_once(shared: &Shared, request: &Request<Incoming>) -> Option<Response<Bytes>> {
    let mut response = (shared.shortcut)(request.method(), request.uri(), request.headers())?;
    RequestId::of(request.headers()).stamp(response.headers_mut());
    Some(last_when_leaving(shared, response))
}

/// Who is told that this was the last answer on the connection sends nothing more on it: so none is in use any more when the
/// shutdown begins, and none is closed on a request that is just under way.
fn last_when_leaving<B>(shared: &Shared, response: Response<B>) -> Response<B> {
    if shared.lifecycle.is_ready() { response } else { closing(response) }
}

async fn respond(
    shared: &Shared,
    peer: SocketAddr,
    mut request: Request<Incoming>,
    checked: Result<(), Refusal>,
) -> Response<Body> {
    request.extensions_mut().insert(ConnectInfo(peer));
    // Here and not by the routes: their number would be lost with a handler that panics.
    let id = RequestId::assign(request.headers_mut());
    match checked {
        Ok(()) => routed(shared, request, &id).await,
        Err(refusal) => refused(shared, &request, &refusal, &id),
    }
}

fn check(shared: &Shared, host: &AdmittedHost, request: &Request<Incoming>) -> Result<(), Refusal> {
    let uri = request.uri();
    target::check_length(uri, shared.limits.target_bytes)?;
    target::check_method(request.method())?;
    target::check_form(uri)?;
    let allowed_hosts = (!shared.open_paths.contains(&uri.path())).then_some(&shared.allowed_hosts);
    host.check(request.headers(), uri, allowed_hosts)?;
    target::check_encoding(uri)?;
    check_body_is_meant(request)?;
    request_body::check_announced(request.body(), &shared.limits_at(uri))
}

/// RFC 9110, section 9.3.1, gives a body in GET or HEAD no meaning, and lets a server reject it as
/// a possible attempt at request smuggling. No client that we know of sends one; whoever does has
/// search terms in it, which would silently not be searched for.
fn check_body_is_meant(request: &Request<Incoming>) -> Result<(), Refusal> {
    let method = request.method();
    let reads = *method == Method::GET || *method == Method::HEAD;
    if !reads || request.body().is_end_stream() {
        return Ok(());
    }
    Err(Refusal::new(
        Reason::BodyUnexpected,
        format!("a {method} request has no body; put parameters into the query"),
    ))
}

fn refused(
    shared: &Shared,
    request: &Request<Incoming>,
    refusal: &Refusal,
    id: &RequestId,
) -> Response<Body> {
    let response = shared.refuse(refusal, request.uri().path(), id);
    if request.body().is_end_stream() { response } else { closing(response) }
}

async fn routed(shared: &Shared, request: Request<Incoming>, id: &RequestId) -> Response<Body> {
    let (request, fate) = prepared(shared, request);
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let answer = shared.routes.clone().call(request);
    let response = match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(Ok(response)) => response,
        Err(panic) => panicked(shared, &method, &uri, id, panic.as_ref()),
    };
    match fate {
        Some(fate) => with_regard_to_body(shared, &uri, id, response, &fate),
        None => response,
    }
}

fn prepared(shared: &Shared, request: Request<Incoming>) -> (Request<Body>, Option<FateOfBody>) {
    let (parts, body) = request.into_parts();
    let (body, fate) = request_body::limited(body, &shared.limits_at(&parts.uri));
    let mut request = Request::from_parts(parts, body);
    if request.uri().authority().is_some() {
        name_host_once(&mut request);
    }
    (request, fate)
}

/// RFC 9112, section 3.2.2: the host in an absolute target counts, not the header. Both have been
/// checked; after this no handler can take one for the other.
fn name_host_once(request: &mut Request<Body>) {
    let uri = request.uri();
    let host = uri.authority().map(|it| HeaderValue::from_str(it.as_str()));
    let origin = target::origin_form(uri);
    if let Some(Ok(host)) = host {
        request.headers_mut().insert(HOST, host);
    }
    *request.uri_mut() = origin;
}

fn with_regard_to_body(
    shared: &Shared,
    uri: &Uri,
    id: &RequestId,
    response: Response<Body>,
    fate: &FateOfBody,
) -> Response<Body> {
    match fate.read() {
        BodyFate::Complete => response,
        BodyFate::Unfinished => closing(response),
        BodyFate::TooLarge => {
            closing(shared.refuse(&request_body::too_large(&shared.limits_at(uri)), uri.path(), id))
        }
        BodyFate::TooSlow => closing(shared.refuse(&request_body::too_slow(), uri.path(), id)),
    }
}

/// With a part of the body unread, hyper closes the connection, but after a response that does
/// not say so the client might already have sent its next request.
fn closing<B>(mut response: Response<B>) -> Response<B> {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}

fn panicked(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    id: &RequestId,
    panic: &(dyn Any + Send),
) -> Response<Body> {
    error!(%id, %method, %uri, panic = message_of(panic), "a handler panicked");
    let detail = "the server failed while it made the answer";
    shared.refuse(&Refusal::new(Reason::Panic, detail), uri.path(), id)
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

impl Shared {
    fn limits_at(&self, uri: &Uri) -> Limits {
        self.limits.at(uri.path(), self.large_bodies)
    }

    fn refuse(&self, refusal: &Refusal, path: &str, id: &RequestId) -> Response<Body> {
        self.note_refusal(refusal);
        let mut response = refusal::response(refusal, path, self.refusal_page);
        id.stamp(response.headers_mut());
        response
    }

    pub(super) fn note_refusal(&self, refusal: &Refusal) {
        self.counts.count_refusal(refusal.reason);
        debug!(reason = refusal.reason.label(), detail = refusal.detail, "request refused");
    }
}

//! Calls as handlers get them: known who makes them, and checked before anybody can read what is asked.

use std::future::{Ready, ready};
use std::time::Duration;

use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

use super::deadline::parse_timeout;
use crate::auth::Principal;
use crate::errors::{ErrorCode, Failure, report};
use crate::validation;

/// A call whose message keeps the rules of its contract, with who makes it.
///
/// Nothing else gives a handler its message, and making a call is the check: it cannot be forgotten. `clippy.toml` bans the
/// ways around it.
#[derive(Debug)]
#[expect(clippy::manual_non_exhaustive, reason = "nothing else in this crate makes one either")]
pub struct Call<M, C = Principal> {
    /// Who makes it.
    pub caller: C,
    /// What is asked, its texts in their normal form.
    pub message: M,
    /// What came with it.
    pub metadata: MetadataMap,
    /// Only this module makes calls.
    _checked: (),
}

/// The caller of an RPC that the contract calls public.
#[derive(Clone, Copy, Debug)]
pub struct Anybody;

impl<M: prost::Message + prost::Name + Default> Call<M> {
    /// The call of somebody whose access token was verified.
    pub fn signed_in(request: Request<M>) -> Result<Self, CallFailed> {
        let caller = caller(&request)?;
        Self::checked(request, caller)
    }
}

impl<M: prost::Message + prost::Name + Default> Call<M, Anybody> {
    /// A call that needs no access token.
    pub fn open(request: Request<M>) -> Result<Self, CallFailed> {
        Self::checked(request, Anybody)
    }
}

impl<M: prost::Message + prost::Name + Default, C> Call<M, C> {
    #[expect(clippy::disallowed_methods, reason = "this is the check")]
    fn checked(request: Request<M>, caller: C) -> Result<Self, CallFailed> {
        let (metadata, _, message) = request.into_parts();
        Ok(Self { caller, message: validation::check(message)?, metadata, _checked: () })
    }
}

impl<M> Call<tonic::Streaming<M>> {
    /// The call of somebody who sends a stream. Its parts come one by one; the handler checks them as they do.
    #[expect(clippy::disallowed_methods, reason = "there is no message yet")]
    pub fn streaming(request: Request<tonic::Streaming<M>>) -> Result<Self, CallFailed> {
        let caller = caller(&request)?;
        let (metadata, _, message) = request.into_parts();
        Ok(Self { caller, message, metadata, _checked: () })
    }
}

impl<M, C> Call<M, C> {
    /// How long the caller waits for the answer, if that is said.
    pub fn time_left(&self) -> Option<Duration> {
        parse_timeout(self.metadata.as_ref())
    }
}

/// Who makes a call that passed the server's authentication layer.
pub fn caller<M>(request: &Request<M>) -> Result<Principal, CallFailed> {
    let caller = request.extensions().get::<Principal>().cloned();
    Ok(caller.ok_or(Failure::new(ErrorCode::TokenMissing))?)
}

/// Lets everybody in whose access token was verified.
pub fn everybody<A>(_api: &A, _caller: &Principal) -> Ready<Answer<()>> {
    ready(Ok(()))
}

/// What a handler answers.
pub type Answer<M> = Result<M, CallFailed>;

/// A call that failed: what its client is told. What was our fault is in the log by then.
#[derive(Debug)]
pub struct CallFailed(Status);

impl CallFailed {
    /// The stream of the caller ended with this status.
    pub fn broken_off(status: Status) -> Self {
        Self(status)
    }
}

impl<E> From<E> for CallFailed
where
    E: std::error::Error,
    for<'a> Failure: From<&'a E>,
{
    fn from(error: E) -> Self {
        Self(report(error))
    }
}

impl From<CallFailed> for Status {
    fn from(failed: CallFailed) -> Self {
        failed.0
    }
}

/// Gives a service of the contracts its handlers, which are methods of the same names that take a [`Call`] and give an
/// [`Answer`]: `signed_in` ones know their caller, `open` ones are for anybody, `streaming` ones take a stream.
///
/// Who calls passes the gate `admitting` before what is asked is looked at.
#[macro_export]
macro_rules! rpcs {
    (@signed_in $api:expr, $request:ident, $gate:path) => {{
        $gate($api, &$crate::grpc::caller(&$request)?).await?;
        $crate::grpc::Call::signed_in($request)?
    }};
    (@streaming $api:expr, $request:ident, $gate:path) => {{
        $gate($api, &$crate::grpc::caller(&$request)?).await?;
        $crate::grpc::Call::streaming($request)?
    }};
    (@open $api:expr, $request:ident, $gate:path) => {
        $crate::grpc::Call::open($request)?
    };
    ($service:ident for $api:ident { $($rpcs:tt)+ }) => {
        $crate::rpcs! { $service for $api, admitting $crate::grpc::everybody { $($rpcs)+ } }
    };
    ($service:ident for $api:ident, admitting $gate:path {
        $([type $stream:ident = $item:ty])?
        $($kind:ident $rpc:ident($request:ty) -> $response:ty;)+
    }) => {
        #[tonic::async_trait]
        impl $service for $api {
            $(type $stream = $item;)?
            $(
                async fn $rpc(
                    &self,
                    request: tonic::Request<$request>,
                ) -> Result<tonic::Response<$response>, tonic::Status> {
                    let call = $crate::rpcs!(@$kind self, request, $gate);
                    Ok(tonic::Response::new(<$api>::$rpc(self, call).await?))
                }
            )+
        }
    };
}

#[cfg(test)]
mod tests {
    use fitness_proto::fitness::user::v1::RegisterRequest;
    use fitness_proto::fitness::user::v1::{GetUserRequest, ListUsersRequest};
    use tonic::Code;
    use tonic_types::StatusExt as _;
    use uuid::Uuid;

    use super::*;

    fn by_somebody<M>(message: M) -> Request<M> {
        let mut request = Request::new(message);
        let roles = Vec::new();
        request.extensions_mut().insert(Principal { user_id: Uuid::max(), session_id: Uuid::nil(), roles });
        request
    }

    fn refused<T>(call: Result<T, CallFailed>) -> Status {
        call.err().expect("it is refused").into()
    }

    #[test]
    fn a_call_cannot_be_had_without_its_caller_nor_against_the_rules() {
        let status = refused(Call::signed_in(Request::new(ListUsersRequest::default())));
        assert_eq!(status.code(), Code::Unauthenticated);
        let status = refused(Call::signed_in(by_somebody(GetUserRequest::default())));
        let fields = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(fields[0].field, "user_id");
        let status = refused(Call::open(Request::new(RegisterRequest::default())));
        assert_eq!(status.get_details_bad_request().unwrap().field_violations.len(), 3);
    }

    #[test]
    fn a_call_tells_who_makes_it_how_long_they_wait_and_what_is_asked() {
        let mut request = by_somebody(ListUsersRequest { page_size: 7, ..Default::default() });
        request.metadata_mut().insert("grpc-timeout", "5S".parse().unwrap());
        let call = Call::signed_in(request).unwrap();
        assert_eq!((call.caller.user_id, call.message.page_size), (Uuid::max(), 7));
        assert_eq!(call.time_left(), Some(Duration::from_secs(5)));
    }
}

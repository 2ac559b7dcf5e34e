//! `fitness.user.v1.UserService`.

use chassis::auth;
use chassis::errors::Failure;
use fitness_proto::fitness::user::v1::user_service_server::UserService;
use fitness_proto::fitness::user::v1::{GetMeRequest, GetMeResponse};
use tonic::{Request, Response, Status};

use super::failure::status;
use super::user_message;
use crate::accounts::Accounts;

/// Maps the RPCs to the use cases.
pub(crate) struct UserApi(pub(crate) Accounts);

#[tonic::async_trait]
impl UserService for UserApi {
    async fn get_me(&self, request: Request<GetMeRequest>) -> Result<Response<GetMeResponse>, Status> {
        let principal = auth::principal(&request).map_err(Failure::from)?;
        let user = self.0.get_me(principal.user_id).await.map_err(|error| status(&error))?;
        Ok(Response::new(GetMeResponse { user: Some(user_message::from(user)) }))
    }
}

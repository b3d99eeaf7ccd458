//! `GET /assets/{name}`: styles, script and icon of the pages. Anybody may call it.

use lambda_http::Error;
use latchkey::http::{self, ApiResult, Endpoint, ErrorCode, Operation, Request};
use views::{Asset, Theme, theme_css};

use crate::site::theme;

/// The operation `getAsset`.
pub struct GetAsset {
    theme: Theme,
}

impl Operation for GetAsset {
    const ENDPOINT: Endpoint = http::taking_any();

    async fn from_env() -> Result<Self, Error> {
        Ok(Self { theme: theme()? })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        let name = http::path_parameter(&request, "name", |name| Ok(name.to_owned()))?;
        if name == "theme.css" {
            let css = theme_css(&self.theme);
            return Ok(http::text("text/css; charset=utf-8", &css).immutable());
        }
        let asset = Asset::find(&name).ok_or(ErrorCode::NotFound)?;
        let text = str::from_utf8(asset.bytes).unwrap_or_default();
        Ok(http::text(asset.content_type, text).immutable())
    }
}

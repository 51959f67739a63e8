//! Requests to answers.

use lsp_server::{ErrorCode, Request, Response};
use lsp_types::{
    DocumentHighlight, DocumentSymbolResponse, GotoDefinitionResponse, Location, Position, SemanticTokensResult,
    TextDocumentPositionParams, TextEdit, Uri,
    request::{self, Request as Method},
};

use super::{Server, actions, complete, hints, hover, navigate, policy::Policy, rename, symbols, text::Lines, tokens};
use crate::{diagnostic::SourceId, syntax};

/// Why a request has no answer, in words for the user.
pub struct Refusal(pub String);

impl Server {
    pub(super) fn answer(&mut self, request: Request) -> Response {
        match request.method.as_str() {
            request::HoverRequest::METHOD => self.on::<request::HoverRequest>(request, |server, asked| {
                Ok(server.here(&asked.text_document_position_params, hover::hover))
            }),
            request::GotoDefinition::METHOD => self.on::<request::GotoDefinition>(request, |server, asked| {
                let found = server.here(&asked.text_document_position_params, navigate::definition);
                Ok(found.map(GotoDefinitionResponse::Scalar))
            }),
            request::References::METHOD => self.on::<request::References>(request, |server, asked| {
                let declaration = asked.context.include_declaration;
                Ok(Some(server.everywhere(&asked.text_document_position, |policy, source, at| {
                    navigate::references(policy, source, at, declaration)
                })))
            }),
            request::DocumentHighlightRequest::METHOD => {
                self.on::<request::DocumentHighlightRequest>(request, |server, asked| {
                    let asked = asked.text_document_position_params;
                    let uri = asked.text_document.uri.clone();
                    let all =
                        server.everywhere(&asked, |policy, source, at| navigate::references(policy, source, at, true));
                    let here = all.into_iter().filter(|location| location.uri == uri);
                    Ok(Some(here.map(|location| DocumentHighlight { range: location.range, kind: None }).collect()))
                })
            }
            request::PrepareRenameRequest::METHOD => {
                self.on::<request::PrepareRenameRequest>(request, |server, asked| {
                    match server.policies(&asked.text_document.uri).first() {
                        Some((policy, source)) => {
                            rename::prepare(policy, *source, offset(policy, *source, asked.position))
                        }
                        None => Ok(None),
                    }
                })
            }
            request::Rename::METHOD => self.on::<request::Rename>(request, |server, asked| {
                let position = asked.text_document_position;
                let policies = server.policies(&position.text_document.uri);
                rename::rename(&policies, position.position, &asked.new_name, &server.workspace)
            }),
            request::Completion::METHOD => self.on::<request::Completion>(request, |server, asked| {
                let list = server.here(&asked.text_document_position, |policy, source, at| {
                    Some(complete::complete(policy, source, at))
                });
                Ok(list.map(lsp_types::CompletionResponse::Array))
            }),
            request::DocumentSymbolRequest::METHOD => {
                self.on::<request::DocumentSymbolRequest>(request, |server, asked| {
                    let found = server.one(&asked.text_document.uri, symbols::symbols);
                    Ok(found.map(DocumentSymbolResponse::Nested))
                })
            }
            request::Formatting::METHOD => self.on::<request::Formatting>(request, |server, asked| {
                Ok(server.one(&asked.text_document.uri, format).flatten())
            }),
            request::InlayHintRequest::METHOD => self.on::<request::InlayHintRequest>(request, |server, asked| {
                Ok(server.one(&asked.text_document.uri, |policy, source| hints::hints(policy, source, asked.range)))
            }),
            request::SemanticTokensFullRequest::METHOD => {
                self.on::<request::SemanticTokensFullRequest>(request, |server, asked| {
                    let found = server.one(&asked.text_document.uri, tokens::tokens);
                    Ok(found.map(SemanticTokensResult::Tokens))
                })
            }
            request::CodeActionRequest::METHOD => self.on::<request::CodeActionRequest>(request, |server, asked| {
                Ok(Some(actions::actions(server, &asked.text_document.uri, asked.range)))
            }),
            other => {
                let message = format!("this server does not know the request `{other}`");
                Response::new_err(request.id, ErrorCode::MethodNotFound as i32, message)
            }
        }
    }

    fn on<M: Method>(
        &mut self,
        request: Request,
        answer: impl FnOnce(&mut Self, M::Params) -> Result<M::Result, Refusal>,
    ) -> Response {
        let Request { id, params, .. } = request;
        match serde_json::from_value(params) {
            Ok(parameters) => match answer(self, parameters) {
                Ok(found) => Response::new_ok(id, found),
                Err(Refusal(why)) => Response::new_err(id, ErrorCode::RequestFailed as i32, why),
            },
            Err(error) => Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string()),
        }
    }

    /// Asks about a file in the first policy that it is a part of.
    fn one<T>(&mut self, uri: &Uri, ask: impl FnOnce(&Policy, SourceId) -> T) -> Option<T> {
        self.policies(uri).first().map(|(policy, source)| ask(policy, *source))
    }

    /// Asks about a place, one policy after the other, until there is an answer.
    fn here<T>(
        &mut self,
        asked: &TextDocumentPositionParams,
        ask: impl Fn(&Policy, SourceId, u32) -> Option<T>,
    ) -> Option<T> {
        let policies = self.policies(&asked.text_document.uri);
        policies.iter().find_map(|(policy, source)| ask(policy, *source, offset(policy, *source, asked.position)))
    }

    /// Asks about a place in every policy that it is a part of.
    fn everywhere(
        &mut self,
        asked: &TextDocumentPositionParams,
        ask: impl Fn(&Policy, SourceId, u32) -> Vec<Location>,
    ) -> Vec<Location> {
        let policies = self.policies(&asked.text_document.uri);
        let mut all: Vec<Location> = policies
            .iter()
            .flat_map(|(policy, source)| ask(policy, *source, offset(policy, *source, asked.position)))
            .collect();
        let place = |location: &Location| {
            (location.uri.as_str().to_owned(), location.range.start.line, location.range.start.character)
        };
        all.sort_by_key(place);
        all.dedup();
        all
    }
}

fn offset(policy: &Policy, source: SourceId, position: Position) -> u32 {
    super::text::narrow(Lines::new(policy.text(source)).offset(position))
}

/// The canonical layout, as one change of all that is different; nothing for a text with errors.
fn format(policy: &Policy, source: SourceId) -> Option<Vec<TextEdit>> {
    let text = policy.text(source);
    let laid_out = syntax::format(text)?;
    if laid_out == text {
        return Some(Vec::new());
    }
    Some(vec![TextEdit { range: Lines::new(text).whole(), new_text: laid_out }])
}

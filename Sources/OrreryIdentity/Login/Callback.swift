import OrreryCrypto

/// Reads what an issuer sends to our callback through the browser: nothing in it is believed before it fits.
struct Callback {
    let issuer: IssuerConfiguration
    /// Whether its answers always carry its name (RFC 9207 3).
    let namesItself: Bool

    init(_ issuer: IssuerConfiguration, namesItself: Bool) {
        self.issuer = issuer
        self.namesItself = namesItself
    }

    /// The code to exchange. Throws when the answer belongs to another login or issuer, or says no.
    func code(in query: [String: String], of transaction: LoginTransaction) throws(IdentityError) -> String {
        guard let state = query["state"], state.equalsInConstantTime(transaction.state) else {
            throw IdentityError(.stale, at: issuer, "the answer's state is not that of the login")
        }
        try checkSender(query["iss"])
        if let error = query["error"] { throw refusal(error) }
        guard let code = query["code"], !code.isEmpty, code.utf8.count <= 4096 else {
            throw IdentityError(.misbehaving, at: issuer, "its answer has neither a code nor an error")
        }
        return code
    }

    // RFC 9207 2.4: an answer that another issuer sent must not reach the token endpoint of this one.
    private func checkSender(_ name: String?) throws(IdentityError) {
        guard let name else {
            guard !namesItself else {
                throw IdentityError(
                    .unbelievable, at: issuer, "the answer does not name its issuer, though it always does")
            }
            return
        }
        guard issuer.isSpelling(name) else {
            throw IdentityError(.unbelievable, at: issuer, "the answer is another issuer's")
        }
    }

    /// RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6, and two words of GitHub. Only codes of these lists are repeated anywhere.
    private func refusal(_ code: String) -> IdentityError {
        switch code {
        case "access_denied", "login_required", "consent_required", "interaction_required",
            "account_selection_required":
            IdentityError(.declined, at: issuer, "it refused the login: \(code)")
        case "server_error", "temporarily_unavailable":
            IdentityError(.unreachable, at: issuer, "it refused the login: \(code)")
        case "unauthorized_client", "unsupported_response_type", "invalid_scope", "invalid_request",
            "redirect_uri_mismatch", "application_suspended":
            IdentityError(.misconfigured, at: issuer, "it refused the login: \(code)")
        default: IdentityError(.misbehaving, at: issuer, "it refused the login with an error that no standard knows")
        }
    }
}

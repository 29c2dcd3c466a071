import OrreryCrypto
package import OrreryLink

// The way to the hub.
extension Doctor {
    /// What the doctor knows of the hub.
    package struct Hub: Sendable {
        let join: JoinString
        let way: HTTPProxy?
        let authorities: String?

        package init(join: JoinString, way: HTTPProxy?, authorities: String?) {
            self.join = join
            self.way = way
            self.authorities = authorities
        }
    }

    func road() async -> [Finding] {
        guard let hub else {
            return [
                .warning(
                    "hub", "it was not visited", whose: Self.site,
                    next: "give --join-file, the file with the join string that the hub's admin has given out")
            ]
        }
        let place = ProxyPlace(host: hub.join.host, port: hub.join.port)
        do {
            // A key of its own, which no hub knows: this is as far as a stranger comes.
            let trust = try LinkTrust(key: try .fresh(), pins: hub.join.pins, authorities: hub.authorities)
            // Looking up, connecting and shaking hands block.
            let visit = await Task.detached { () -> Result<String, HubVisit.Trouble> in
                do throws(HubVisit.Trouble) {
                    return .success(try HubVisit.make(to: place, by: hub.way, trusting: trust))
                } catch { return .failure(error) }
            }.value
            let by = hub.way.map { " by way of \($0.place)" } ?? ""
            let address = try visit.get()
            let trusted = hub.join.pins.isEmpty ? "its certificate is good" : "it has a key that the join string pins"
            return [.ok("hub", "\(place) is reached at \(address)\(by); TLS 1.3, and \(trusted)")]
        } catch let trouble as HubVisit.Trouble {
            return [Self.finding(trouble, place)]
        } catch {
            return [
                .failed("hub", "\(error)", whose: Self.site, next: "look at the join string and the authorities' file")
            ]
        }
    }

    private static func finding(_ trouble: HubVisit.Trouble, _ place: ProxyPlace) -> Finding {
        switch trouble.step {
        case .name:
            .failed(
                "hub", trouble.words, whose: site,
                next: "let the agent's pods ask a name server that knows \(place.host)")
        case .connection:
            .failed(
                "hub", trouble.words, whose: site,
                next:
                    "let connections out to \(place), or set HTTPS_PROXY; if others do not reach it either, tell the hub's admin"
            )
        case .proxy:
            .failed(
                "hub", trouble.words, whose: site,
                next: "ask whoever runs the HTTP proxy to let CONNECT \(place) through")
        case .handshake:
            .failed(
                "hub", "no TLS 1.3 with \(place): \(trouble.words)", whose: "the hub's",
                next:
                    "ask the hub's admin whether the proxy takes agents there; a firewall that looks into TLS does this too"
            )
        case .trust:
            .failed(
                "hub", "\(place) is not trusted: \(trouble.words)", whose: "the hub's",
                next: "ask the hub's admin for a join string with a pin, or give its authorities with --authorities")
        }
    }
}

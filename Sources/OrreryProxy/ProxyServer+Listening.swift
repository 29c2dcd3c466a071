internal import OrreryWire

/// Getting what a server needs of the system before it runs.
extension ProxyServer {
    static func listen(
        _ place: ProxyConfiguration.Listener, count: Int, isShared: Bool, files: inout [SocketFile]
    ) throws(ProxyError) -> [SharedDescriptor] {
        if let path = place.path {
            do throws(SystemError) {
                let listener = SharedDescriptor(try Descriptor.listener(path: path, replaces: isShared))
                files.append(SocketFile(path: path))
                return [SharedDescriptor](repeating: listener, count: count)
            } catch {
                throw .cannotListen(on: "unix:\(path)", error)
            }
        }
        guard var address = SocketAddress.resolve(place.host, port: place.port) else {
            throw .unknownHost(place.host)
        }
        let name = "\(place.host.isEmpty ? "*" : place.host):\(place.port)"
        // Without the option not shared: that would take half of another process's connections and tell nobody.
        let sharing: Descriptor.Sharing = isShared ? .shared : count > 1 ? .first : .alone
        do {
            let first: Descriptor
            do throws(SystemError) {
                first = try Descriptor.listener(on: address, sharing)
            } catch  where error.isNoIPv6 && place.host.isEmpty {
                address = address.onIPv4
                first = try Descriptor.listener(on: address, sharing)
            }
            address = address.with(port: first.boundPort)
            // The first one is kept meanwhile, so that nobody comes between it and the others.
            var listeners = [SharedDescriptor(first)]
            for _ in 1..<max(1, count) {
                listeners.append(SharedDescriptor(try Descriptor.listener(on: address, .shared)))
            }
            return listeners
        } catch {
            throw .cannotListen(on: name, error)
        }
    }

    static func signal() throws(ProxyError) -> SharedDescriptor {
        do throws(SystemError) {
            return SharedDescriptor(try Descriptor.signal())
        } catch {
            throw .noDescriptors(error)
        }
    }

    static func channels(_ count: Int) throws(ProxyError) -> [SharedChannel] {
        do throws(SystemError) {
            var channels: [SharedChannel] = []
            for _ in 0..<count { channels.append(SharedChannel(try Channel())) }
            return channels
        } catch {
            throw .noDescriptors(error)
        }
    }

    /// What the operator should know about files that the configuration names.
    static func notes(_ shared: Shared) -> [String] {
        guard let pages = shared.errorPages, pages.isEmpty else { return [] }
        return ["--error-path: there is no page in \(pages.directory) yet"]
    }

    static func target(_ text: String?, option: String) throws(ProxyError) -> Target? {
        guard let text else { return nil }
        do throws(Target.Fault) {
            return try Target(reading: text)
        } catch {
            throw .badTarget(option: option, value: text, error)
        }
    }
}

extension ProxyConfiguration.Listener {
    /// Its address as people write it: `http://*:8000`, `unix:/run/proxy.sock`.
    func url(scheme: String, port: UInt16) -> String {
        if let path { return "unix:\(path)" }
        let name = host.isEmpty ? "*" : host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(name):\(port)"
    }
}

/// A descriptor that several threads use and the last one closes.
final class SharedDescriptor: Sendable {
    let descriptor: Descriptor
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}

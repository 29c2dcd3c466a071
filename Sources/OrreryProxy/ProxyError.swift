package import OrreryWire

/// Why a proxy cannot start. Each is the configuration's doing; what happens to single connections later is answered to
/// the client, not thrown.
package enum ProxyError: Error, Equatable, CustomStringConvertible {
    case cannotListen(on: String, SystemError)
    case unknownHost(String)
    case badTarget(option: String, value: String, Target.Fault)
    case badHub(option: String, value: String)
    case noDescriptors(SystemError)
    case errorDirectory(String, SystemError)
    case stateDirectory(String, SystemError)
    case stateDirectoryInUse(String)
    /// The key by which agents know this proxy could not be made or read.
    case tunnelKey(String)
    /// `option` is the one whose doing it is, if that is known.
    case badTLS(option: String?, TLSError)
    case cannotWrite(String, SystemError)

    package var description: String {
        switch self {
        case .cannotListen(let place, let error): "cannot listen on \(place): \(error)"
        case .unknownHost(let host): "cannot listen on \(host): no such host; give an address or name of this machine"
        // Before an @ there may be a password.
        case .badTarget(let option, _, .user): "\(option): not a target: \(Target.Fault.user)"
        case .badTarget(let option, let value, let fault): "\(option): \(value) is not a target: \(fault)"
        case .badHub(let option, let value): "\(option): \(value) is not http://host:port or https://host:port"
        case .errorDirectory(let path, let error): "--error-path: \(path): \(error); give a directory with pages"
        case .stateDirectory(let path, let error): "--state-dir: \(path): \(error)"
        case .stateDirectoryInUse(let path): "--state-dir: \(path) belongs to another proxy that is running"
        case .tunnelKey(let reason): "--state-dir: the key for agents: \(reason)"
        case .badTLS(let option, let error): (option.map { "\($0): " } ?? "") + "\(error)"
        case .cannotWrite(let path, let error): "--access-log-file: \(path): \(error)"
        case .noDescriptors(let error): "cannot set up the event loop: \(error)"
        }
    }
}

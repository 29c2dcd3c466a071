import OrreryWire
import Testing

@testable import OrreryProxy

struct PeerBookTests {
    private let tls = Peer.tls(name: "hub")

    @Test func plainIsZeroAndOthersAreNumbered() {
        let book = PeerBook()
        #expect(book.number(of: nil) == 0 && book.peer(0) == nil)
        let first = book.number(of: tls)
        #expect(first != 0 && book.number(of: tls) == first && book.peer(first) == tls)
        #expect(book.number(of: .unix(path: "/a")) != first)
    }

    @Test func aNumberIsNeverGivenTwice() {
        let book = PeerBook()
        let first = book.number(of: tls)
        _ = book.number(of: tls)
        book.release(first)
        #expect(book.peer(first) == tls, "one route still leads there")
        book.release(first)
        #expect(book.peer(first) == nil)
        #expect(book.number(of: tls) != first, "a connection may still carry the old number")
    }

    @Test func aRouteHoldsItsPeerAsLongAsItIsThere() throws {
        let book = RouteBook()
        let (north, south) = (try #require(Target("cluster:n/p:1")), try #require(Target("cluster:s/p:1")))
        let key = try #require(RouteKey("/a"))
        #expect(book.set(key, to: north, address: north.resolve(), members: [], at: 1))
        let number = try #require(book.route(key)?.endpoint?.peer)
        #expect(book.set(key, to: north, address: north.resolve(), members: [], at: 1))
        #expect(book.route(key)?.endpoint?.peer == number, "kept connections go on serving a route that is set again")
        #expect(book.set(key, to: south, address: south.resolve(), members: [], at: 1))
        #expect(book.peers.peer(number) == nil)
        #expect(book.remove(key))
        #expect(book.peers.number(of: .cluster(name: "s", pod: "p", port: 1)) != number + 1, "it was released")
    }

    @Test func endpointsDifferByPeer() throws {
        let address = try #require(SocketAddress.resolve("10.0.0.1", port: 1))
        #expect(Endpoint(address) == Endpoint(address) && Endpoint(address) != Endpoint(address, peer: 1))
        #expect(Endpoint(address, peer: 7).address == address && Endpoint(address, peer: 7).peer == 7)
        #expect(MemoryLayout<Endpoint>.size == MemoryLayout<SocketAddress>.size)
    }
}

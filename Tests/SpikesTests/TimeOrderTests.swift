// The order of spikes in time against that of a sort.
import Mathematics
import Testing

@testable import Spikes

struct TimeOrderTests {
    /// Times that spread, on a grid with ties, almost all at one end, in order already, and all the same.
    private func times(_ count: Int, _ kind: Int, _ random: inout RandomStream) -> [Double] {
        (0..<count).map { n in
            let part = random.uniform()
            switch kind {
            case 0: return part
            case 1: return Double(Int(part * 20)) * 1e-3
            case 2: return n % 17 == 0 ? 1e3 * part : 1e-9 * part
            case 3: return Double(n) + 0.5 * part
            default: return 0.25
            }
        }
    }

    @Test func isThatOfASort() throws {
        var random = RandomStream(seed: 4, stream: 14)
        let order = TimeOrder(Poller(nil))
        for count in Array(1...90) + [127, 128, 200, 1000] {
            for kind in 0..<5 {
                let times = times(count, kind, &random)
                let units = (0..<count).map { _ in Int32(random.index(below: 12)) }
                let found = try order.order(times, units, count)
                let sorted = (0..<count).sorted { (times[$0], units[$0], $0) < (times[$1], units[$1], $1) }
                #expect((0..<count).map { Int(found[$0]) } == sorted, "\(count) times of kind \(kind)")
            }
        }
    }
}

// What comes next, against sorting.
import Mathematics
import Testing

@testable import BrainScaleS2

struct QueueTests {
    @Test(arguments: [1, 31, 32, 33, 512])
    func theFirstSilenceThatEnds(count: Int) throws {
        var stream = RandomStream(seed: 1, stream: UInt64(count))
        var queue = try SilenceQueue(count: count)
        var keys = [Double](repeating: .infinity, count: count)
        #expect(queue.first(until: .greatestFiniteMagnitude) == nil)
        for step in 0..<5000 {
            let index = stream.index(below: count)
            keys[index] = stream.uniform() < 0.2 ? .infinity : (10 * stream.uniform()).rounded()
            queue.set(keys[index], at: index)
            #expect(queue.earliest <= keys.min() ?? 0)
            let limit = (10 * stream.uniform()).rounded()
            guard step % 3 == 0 else { continue }
            let smallest = keys.min() ?? 0
            let expected = smallest <= limit ? keys.firstIndex(of: smallest) : nil
            #expect(queue.first(until: limit) == expected, "step \(step)")
            if let expected { #expect(queue.key(of: expected) == smallest) }
        }
    }

    @Test func arrivalsInOrder() throws {
        var stream = RandomStream(seed: 2, stream: 0)
        var queue = ArrivalQueue()
        var all: [(time: Double, sender: Int)] = []
        #expect(queue.nextTime == .infinity)
        for step in 0..<3000 {
            if stream.uniform() < 0.55 || all.isEmpty {
                let new = (time: (50 * stream.uniform()).rounded(), sender: stream.index(below: 9))
                try queue.makeRoom()
                queue.add(new.time, new.sender)
                all.append(new)
            } else {
                all.sort { ($0.time, $0.sender) < ($1.time, $1.sender) }
                #expect(queue.nextTime == all[0].time, "step \(step)")
                #expect(queue.removeFirst() == all[0].sender, "step \(step)")
                all.removeFirst()
            }
            #expect(queue.count == all.count)
        }
    }

    @Test func factorsAndLanes() {
        #expect(Fraction(0.125).raw == 512)
        #expect(Fraction(-9).raw == .min)
        #expect(Fraction(.nan).raw == 0)
        #expect(Fraction(.infinity).raw == .max)
        let halves =
            SignedLanes([-128, -3, -1, 0, 1, 3, 127]).combined(SignedLanes([0, 0, 0, 0, 0, 0, 0])) { value, _ in
                Fraction(0.5).times(value)
            } as SignedLanes
        #expect(halves.values == [-64, -1, 0, 0, 1, 2, 64])
        let sums = SignedLanes([100, -100, 5]).combined(SignedLanes([100, -100, -6])) { $0 &+ $1 } as SignedLanes
        #expect(sums.values == [127, -128, -1])
    }
}

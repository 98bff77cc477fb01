// Loops over rows of float32 numbers, each operation rounded once, in the order written.
import CSupport

/// What layers are added up by. Rows are whole vectors of eight.
enum Rows {
    /// target[j] += rows[unit][j] for each unit in order; four rows at a time spare most loads and stores.
    @inline(__always)
    static func add(
        _ rows: UnsafePointer<Float>, _ stride: Int, _ units: UnsafePointer<Int32>, _ count: Int,
        to target: UnsafeMutablePointer<Float>
    ) {
        var n = 0
        while n &+ 4 <= count {
            let (a, b) = (rows + Int(units[n]) &* stride, rows + Int(units[n &+ 1]) &* stride)
            let (c, d) = (rows + Int(units[n &+ 2]) &* stride, rows + Int(units[n &+ 3]) &* stride)
            var j = 0
            while j < stride {
                target[j] = (((target[j] + a[j]) + b[j]) + c[j]) + d[j]
                j &+= 1
            }
            n &+= 4
        }
        while n < count {
            let a = rows + Int(units[n]) &* stride
            var j = 0
            while j < stride {
                target[j] += a[j]
                j &+= 1
            }
            n &+= 1
        }
    }

    /// target[j] += factor source[j].
    @inline(__always)
    static func add(
        _ source: UnsafePointer<Float>, times factor: Float, to target: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        var j = 0
        while j < count {
            target[j] += factor * source[j]
            j &+= 1
        }
    }

    /// The sum of products, eight partial sums that are added in order.
    @inline(__always)
    static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
        var sums = SIMD8<Float>(repeating: 0)
        var j = 0
        while j < count {
            let x = UnsafeRawPointer(a + j).loadUnaligned(as: SIMD8<Float>.self)
            let y = UnsafeRawPointer(b + j).loadUnaligned(as: SIMD8<Float>.self)
            sums += x * y
            j &+= 8
        }
        var sum: Float = 0
        for lane in 0..<8 { sum += sums[lane] }
        return sum
    }
}

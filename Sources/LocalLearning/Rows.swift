// Loops over rows of float32 numbers, each operation rounded once, in the order written.
import CSupport

/// What layers are added up by. Rows are whole vectors of eight.
enum Rows {
    /// How many of the columns that are left are worked on together: their sums stay in registers while rows are added.
    @inline(__always)
    static func width(_ left: Int) -> Int { spinnprop_support_columns(left) }

    /// target[j] += rows[unit][j] for each unit in order, in `width` columns.
    @inline(__always)
    static func add(
        _ rows: UnsafePointer<Float>, _ stride: Int, _ units: UnsafePointer<Int32>, _ count: Int,
        to target: UnsafeMutablePointer<Float>, width: Int
    ) {
        spinnprop_support_add_rows(rows, stride, units, count, target, width)
    }

    /// target[j] += plus[n][j] for each n in order, then target[j] -= minus[n][j], in all columns.
    @inline(__always)
    static func add(
        _ rows: UnsafePointer<Float>, _ stride: Int, plus: UnsafeBufferPointer<Int32>,
        minus: UnsafeBufferPointer<Int32>, to target: UnsafeMutablePointer<Float>
    ) {
        guard let up = plus.baseAddress, let down = minus.baseAddress else { return }
        var first = 0
        while first < stride {
            let width = width(stride &- first)
            spinnprop_support_add_rows(rows + first, stride, up, plus.count, target + first, width)
            spinnprop_support_subtract_rows(rows + first, stride, down, minus.count, target + first, width)
            first &+= width
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

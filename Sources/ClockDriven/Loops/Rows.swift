// Sums of gradients.
import ClockArithmetic

/// Adds the rows of one sample, a slice of columns of them, to sums.
func addRows(_ rows: TouchedLanes, to sums: UnsafeMutablePointer<Float>, from first: Int, count width: Int) {
    let (data, indices, count, stride) = (rows.data, rows.indices, rows.count, rows.stride)
    var at = 0
    if stride == ClockKernels.width {
        while at < count {
            let target = sums + Int(indices[at]) &* ClockKernels.width
            let sum = ClockKernels.load(target, 0) + ClockKernels.load(data, at &* ClockKernels.width)
            ClockKernels.store(sum, target, 0)
            at &+= 1
        }
        return
    }
    while at < count {
        ClockKernels.gather(
            data + (at &* stride &+ first), into: sums + (Int(indices[at]) &* stride &+ first), count: width)
        at &+= 1
    }
}

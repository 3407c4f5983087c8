#include "danlu/core/reports.h"

#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "danlu/core/cuda.h"

namespace danlu {

#ifdef DANLU_CUDA

namespace {

struct Report {
  OpRef op;
  Tensors in;  // abstract: shapes and dtypes for the message
  int word;
};

// Of one device, shared by all threads; never destroyed, because ops may run until the very end.
struct Reports {
  std::mutex mutex;
  std::deque<Report> open;
  int64_t words = 0;  // handed out so far, round and round
};
Reports& reports(Device device) {
  static std::mutex mutex;
  static auto* const by_device = new std::map<int, Reports>;
  std::lock_guard lock(mutex);
  return (*by_device)[device.index];
}

// A fresh word. When half of them wait to be read, this waits for the device first.
int take_word(Device device) {
  Reports& here = reports(device);
  std::unique_lock lock(here.mutex);
  if (here.open.size() >= cuda::kStatusWords / 2) {
    lock.unlock();
    raise_reports(device);
    lock.lock();
  }
  return static_cast<int>(here.words++ % cuda::kStatusWords);
}

void run_on_gpu(const OpRef& op, Inputs in, Outputs out, const View& scratch) {
  const Device device = out[0].device();
  Report report{op, {}, take_word(device)};
  for (const Tensor& x : in) report.in.push_back(Tensor::abstract(x.shape(), x.dtype(), device));
  cuda::use_status_word(device, report.word);
  op->run(in, out, scratch);
  Reports& here = reports(device);
  std::lock_guard lock(here.mutex);
  here.open.push_back(std::move(report));
}

}  // namespace

void raise_reports(Device device) {
  std::deque<Report> open;
  {
    Reports& here = reports(device);
    std::lock_guard lock(here.mutex);
    open = std::exchange(here.open, {});
  }
  for (const Report& report : open) {
    Status found;
    cuda::read_status_word(device, report.word, &found.position, &found.value);
    if (!found.ok()) report.op->raise(found, report.in);
  }
}

#else

void raise_reports(Device) {}

#endif

void run_reporting(const OpRef& op, Inputs in, Outputs out, const View& scratch) {
#ifdef DANLU_CUDA
  if (out[0].device().is_cuda()) return run_on_gpu(op, in, out, scratch);
#endif
  status() = {};
  op->run(in, out, scratch);
  if (!status().ok()) op->raise(status(), in);
}

}  // namespace danlu

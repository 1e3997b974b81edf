#include "tests/chaos/interleaver.h"

#include <thread>

namespace finops::chaos {

Interleaver::Interleaver(std::size_t workers, std::uint64_t seed) : dice_(seed) {
  for (std::size_t i = 0; i < workers; ++i) alive_.push_back(i);
  choose_next();
}

void Interleaver::run(const std::vector<std::function<void()>>& workers) {
  std::vector<std::jthread> threads;
  for (std::size_t me = 0; me < workers.size(); ++me) {
    threads.emplace_back([this, me, &workers] {
      {
        Lock lock(mutex_);
        wait_for_turn(me, lock);
      }
      workers[me]();
      end(me);
    });
  }
}

void Interleaver::pause(std::size_t me) {
  Lock lock(mutex_);
  choose_next();
  wait_for_turn(me, lock);
}

void Interleaver::wait_for_turn(std::size_t me, Lock& lock) {
  changed_.wait(lock, [&] { return current_ == me; });
}

void Interleaver::choose_next() {
  if (!alive_.empty()) current_ = dice_.pick(alive_);
  changed_.notify_all();
}

void Interleaver::end(std::size_t me) {
  const Lock lock(mutex_);
  std::erase(alive_, me);
  choose_next();
}

}  // namespace finops::chaos

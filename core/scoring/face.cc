#include "core/scoring/face.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <opencv2/core.hpp>
#include <opencv2/objdetect.hpp>
#include <string>
#include <tuple>
#include <vector>

extern "C" {
#include "core/faces/haar_search.h"
#include "core/kernels/kernels.h"
}

struct pf_face_detector {
	cv::CascadeClassifier cascade;
	std::vector<cv::Rect> found;
	/* Of our own search; NULL where OpenCV searches. */
	pf_haar_cascade *own_cascade;
	pf_haar_search *own;
};

/* OpenCV's allocator throws an exception of its own. */
static bool is_want_of_memory(const std::exception &thrown)
{
	const auto *own = dynamic_cast<const cv::Exception *>(&thrown);
	return dynamic_cast<const std::bad_alloc *>(&thrown) || (own && own->code == cv::Error::StsNoMem);
}

static bool load_opencv(pf_face_detector *detector, const char *cascade_file)
{
	cv::setNumThreads(1);
	return detector->cascade.load(cascade_file);
}

/* The cascade that pf_face_own_problem has read, for the detector that is created next, also in a child. */
static struct {
	pthread_mutex_t lock;
	pf_haar_cascade *cascade; /* NULL: none */
	struct stat file;
} kept = {PTHREAD_MUTEX_INITIALIZER, nullptr, {}};

static bool is_same_file(const struct stat &a, const struct stat &b)
{
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
	       a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

/* NULL where none is kept. Waits for nobody: a child may have inherited the lock held. */
static pf_haar_cascade *take_kept(const struct stat &file)
{
	pf_haar_cascade *taken = nullptr;
	if (pthread_mutex_trylock(&kept.lock) == 0) {
		if (kept.cascade && is_same_file(kept.file, file)) {
			taken = kept.cascade;
			kept.cascade = nullptr;
		}
		pthread_mutex_unlock(&kept.lock);
	}
	return taken;
}

static void keep(pf_haar_cascade *cascade, const struct stat &file)
{
	if (pthread_mutex_trylock(&kept.lock) == 0) {
		std::swap(kept.cascade, cascade);
		kept.file = file;
		pthread_mutex_unlock(&kept.lock);
	}
	pf_haar_cascade_destroy(cascade);
}

static pf_status read_cascade(const char *cascade_file, const struct stat &file, pf_haar_cascade **out)
{
	*out = take_kept(file);
	return *out ? PF_OK : pf_haar_cascade_read(cascade_file, out, nullptr);
}

/* False without an error where OpenCV has to search. */
static bool load_own(pf_face_detector *detector, const char *cascade_file)
{
	struct stat file;
	return pf_face_version_is_ours(pf_face_library_version()) && stat(cascade_file, &file) == 0 &&
	       read_cascade(cascade_file, file, &detector->own_cascade) == PF_OK &&
	       pf_haar_search_create(detector->own_cascade, pf_kernels_flags(), &detector->own, nullptr) ==
		       PF_OK;
}

extern "C" pf_status pf_face_detector_create(const char *cascade_file, bool own, pf_face_detector **out,
					     pf_error *error)
{
	*out = nullptr;
	if (access(cascade_file, R_OK) != 0) {
		return pf_fail_errno(error, cascade_file, "cannot read the face cascade");
	}
	pf_face_detector *detector = nullptr;
	try {
		detector = new pf_face_detector();
		if ((own && load_own(detector, cascade_file)) || load_opencv(detector, cascade_file)) {
			*out = detector;
			return PF_OK;
		}
	} catch (const std::exception &thrown) { /* the message would be several lines */
		if (is_want_of_memory(thrown)) {
			pf_face_detector_destroy(detector);
			return pf_fail(error, PF_ERR_NO_MEMORY, cascade_file,
				       "cannot allocate the face detector");
		}
	}
	pf_face_detector_destroy(detector);
	return pf_fail(error, PF_ERR_INVALID, cascade_file, "not a face cascade that OpenCV can read");
}

extern "C" void pf_face_detector_destroy(pf_face_detector *detector)
{
	if (detector) {
		pf_haar_search_destroy(detector->own);
		pf_haar_cascade_destroy(detector->own_cascade);
	}
	delete detector;
}

extern "C" bool pf_face_version_is_ours(const char *version)
{
	return strncmp(version, "4.6.", 4) == 0;
}

extern "C" const char *pf_face_own_problem(const char *cascade_file)
{
	if (!pf_face_version_is_ours(pf_face_library_version())) {
		return "its search does what OpenCV 4.6 does, and OpenCV is another version";
	}
	pf_haar_cascade *cascade = nullptr;
	struct stat file;
	if (stat(cascade_file, &file) == 0 && read_cascade(cascade_file, file, &cascade) == PF_OK) {
		keep(cascade, file);
		return nullptr;
	}
	return "its search takes cascades of stumps over upright Haar features only";
}

static bool larger_first(const cv::Rect &a, const cv::Rect &b)
{
	return std::make_tuple(-a.area(), a.y, a.x, a.width) < std::make_tuple(-b.area(), b.y, b.x, b.width);
}

/* OpenCV's and the library's messages may have several lines. */
static std::string first_line(const std::exception &thrown)
{
	const std::string text = thrown.what();
	return text.substr(0, text.find_first_of("\r\n"));
}

static pf_status search_opencv(pf_face_detector *detector, const uint8_t *grey, uint32_t width_px,
			       uint32_t height_px, double scale_factor, int least_neighbours, pf_error *error)
{
	detector->found.clear(); /* OpenCV leaves it as it was where the picture is smaller than its window */
	try {
		/* OpenCV takes no const data; it does not write to the picture that it searches. */
		const cv::Mat picture(static_cast<int>(height_px), static_cast<int>(width_px), CV_8UC1,
				      const_cast<uint8_t *>(grey), width_px);
		detector->cascade.detectMultiScale(picture, detector->found, scale_factor, least_neighbours,
						   0, cv::Size(PF_FACE_SMALLEST_PX, PF_FACE_SMALLEST_PX));
	} catch (const std::exception &thrown) {
		if (is_want_of_memory(thrown)) {
			return pf_fail(error, PF_ERR_NO_MEMORY, nullptr,
				       "no memory for the search for faces");
		}
		return pf_fail(error, PF_ERR_INTERNAL, nullptr, "the search for faces threw: %s",
			       first_line(thrown).c_str());
	}
	return PF_OK;
}

static pf_status search_own(pf_face_detector *detector, const uint8_t *grey, uint32_t width_px,
			    uint32_t height_px, double scale_factor, pf_error *error)
{
	const pf_haar_picture picture = {grey, width_px, height_px};
	const pf_haar_options options = {scale_factor, PF_FACE_MIN_NEIGHBOURS, PF_FACE_SMALLEST_PX};
	const pf_haar_found *found = nullptr;
	size_t count = 0;
	pf_status status = pf_haar_search_run(detector->own, &picture, &options, &found, &count, error);
	try {
		detector->found.clear();
		for (size_t i = 0; i < count; i++) {
			detector->found.emplace_back(found[i].x, found[i].y, found[i].width, found[i].height);
		}
	} catch (const std::bad_alloc &) {
		return pf_fail(error, PF_ERR_NO_MEMORY, nullptr, "no memory for the search for faces");
	}
	return status;
}

static pf_face face_of(const cv::Rect &found)
{
	return {static_cast<uint32_t>(found.x), static_cast<uint32_t>(found.y),
		static_cast<uint32_t>(found.width), static_cast<uint32_t>(found.height)};
}

extern "C" pf_status pf_face_detect_scaled(pf_face_detector *detector, const uint8_t *grey, uint32_t width_px,
					   uint32_t height_px, double scale_factor, pf_face *faces,
					   size_t *count, pf_error *error)
{
	*count = 0;
	pf_status status = detector->own
				   ? search_own(detector, grey, width_px, height_px, scale_factor, error)
				   : search_opencv(detector, grey, width_px, height_px, scale_factor,
						   PF_FACE_MIN_NEIGHBOURS, error);
	if (status != PF_OK) {
		return status;
	}
	std::sort(detector->found.begin(), detector->found.end(), larger_first);
	for (const cv::Rect &face : detector->found) {
		if (*count == PF_FACES_MAX) {
			break;
		}
		faces[(*count)++] = face_of(face);
	}
	return PF_OK;
}

extern "C" pf_status pf_face_detect(pf_face_detector *detector, const uint8_t *grey, uint32_t width_px,
				    uint32_t height_px, pf_face *faces, size_t *count, pf_error *error)
{
	return pf_face_detect_scaled(detector, grey, width_px, height_px, PF_FACE_SCALE_FACTOR, faces, count,
				     error);
}

extern "C" pf_status pf_face_search_opencv(pf_face_detector *detector, const uint8_t *grey, uint32_t width_px,
					   uint32_t height_px, int least_neighbours, pf_face *faces,
					   size_t capacity, size_t *count)
{
	pf_status status = search_opencv(detector, grey, width_px, height_px, PF_FACE_SCALE_FACTOR,
					 least_neighbours, nullptr);
	*count = status == PF_OK ? detector->found.size() : 0;
	for (size_t i = 0; i < *count && i < capacity; i++) {
		faces[i] = face_of(detector->found[i]);
	}
	return status;
}

extern "C" const char *pf_face_library_version(void)
{
	static const std::string version = cv::getVersionString();
	return version.c_str();
}

extern "C" void *pf_face_library_function(void)
{
	return reinterpret_cast<void *>(&cv::getNumThreads);
}
